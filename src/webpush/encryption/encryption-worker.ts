/** The thread of `encryption-pool.ts`: encrypts one message for many receivers, and answers with all bodies in one buffer. */
import { parentPort } from 'node:worker_threads';
import { Encryptor, OVERHEAD } from './encrypt.ts';
import { AUTH, type EncryptionAnswer, type EncryptionTask, RECEIVER } from './encryption-task.ts';

const encryptor = new Encryptor();

function encryptAll({ id, plaintext, keys }: EncryptionTask): EncryptionAnswer {
  const count = keys.length / RECEIVER;
  const size = plaintext.length + OVERHEAD;
  // Of its own, to be handed over: not a part of Node's shared pool.
  const bodies = Buffer.from(new ArrayBuffer(count * size));
  const bad: number[] = [];
  encryptor.begin();
  for (let index = 0; index < count; index++) {
    const at = index * RECEIVER;
    const receiver = { p256dh: keys.subarray(at, at + AUTH), auth: keys.subarray(at + AUTH, at + RECEIVER) };
    if (!encryptor.encrypt(plaintext, receiver, bodies, index * size)) bad.push(index);
  }
  return { id, bodies, bad };
}

parentPort?.on('message', (task: EncryptionTask) => {
  const answer = encryptAll(task);
  parentPort?.postMessage(answer, [answer.bodies.buffer as ArrayBuffer]);
});
