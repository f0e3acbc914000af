/** What a mail program sends when a person unsubscribes (RFC 8058): one field, as a form of a page would send it. */
const FIELD = 'List-Unsubscribe';
const VALUE = 'One-Click';

const FORM = 'application/x-www-form-urlencoded';
const PARTS = 'multipart/form-data';

/** Whether a body is that. @param type of the header `Content-Type` */
export async function isOneClick(type: string, body: Buffer): Promise<boolean> {
  const [kind = ''] = type.split(';', 1);
  switch (kind.trim().toLowerCase()) {
    case FORM:
      return new URLSearchParams(body.toString()).get(FIELD) === VALUE;
    case PARTS:
      return (await partsOf(type, body))?.get(FIELD) === VALUE;
    default:
      return false;
  }
}

async function partsOf(type: string, body: Buffer): Promise<FormData | undefined> {
  try {
    return await new Response(new Uint8Array(body), { headers: { 'Content-Type': type } }).formData();
  } catch {
    return undefined;
  }
}
