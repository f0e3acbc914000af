/** A colour as Google's and Huawei's clients take it: `#rrggbb`. */
export const HEX_COLOR = /^#[0-9a-fA-F]{6}$/;
