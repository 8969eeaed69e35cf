// What the witness says, a line of JSON an operation, and the claims in it; see testimony.py.

export const NOT_MODELLED = "NotSupported";

const LONGEST_ERROR = 300;

export class Testimony {
  #told = 0;

  constructor(client, version) {
    this.#tell({ client, version });
  }

  async play({ operation, play, isModelled = true, defect }) {
    let line;
    try {
      const claims = await play();
      line = isModelled ? { claims } : { failed: "it was carried out: is it modelled now?" };
    } catch (error) {
      line =
        !isModelled && error.code === NOT_MODELLED
          ? { beyond: error.code }
          : { failed: `${error.name}: ${error.message}`.slice(0, LONGEST_ERROR) };
    }
    this.#told += 1;
    this.#tell({ operation, ...line, ...(defect === undefined ? {} : { defect }) });
  }

  end() {
    this.#tell({ end: this.#told });
  }

  #tell(line) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

export function encoded(value) {
  return value === undefined ? null : Buffer.from(value).toString("base64");
}

export function equal(what, expected, observed) {
  return { is: "equal", what, expected: plain(expected), observed: plain(observed) };
}

export function signs(key, algorithm, value, signature) {
  return {
    is: "signs",
    key,
    algorithm,
    value: encoded(value),
    signature: encoded(signature),
  };
}

export function decrypts(key, algorithm, plaintext, ciphertext, { iv, tag, aad } = {}) {
  return {
    is: "decrypts",
    key,
    algorithm,
    plaintext: encoded(plaintext),
    ciphertext: encoded(ciphertext),
    iv: encoded(iv),
    tag: encoded(tag),
    aad: encoded(aad),
  };
}

function plain(value) {
  if (value === undefined) return null;
  return value instanceof Uint8Array ? encoded(value) : value;
}
