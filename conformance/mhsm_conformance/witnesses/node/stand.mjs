// Where the witness stands: the HSM's URL, a credential, clients, keys of its own, unused names.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { encoded } from "./testimony.mjs";

const CURVES = {
  "P-256": ["P-256", "ES256", 32],
  "P-256K": ["secp256k1", "ES256K", 32],
  "P-384": ["P-384", "ES384", 48],
  "P-521": ["P-521", "ES512", 64],
};
const RSA_OPERATIONS = ["sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey"];
const OCT_OPERATIONS = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify"];

export class Stand {
  #run = randomBytes(4).toString("hex");
  #serial = 0;
  #own = new Map();
  #imported = new Map();

  constructor(url, credential) {
    this.url = url;
    this.credential = credential;
    this.client = new KeyClient(url, credential);
  }

  name(noun) {
    this.#serial += 1;
    return `node-${this.#run}-${noun}-${this.#serial}`;
  }

  small(name) {
    return this.client.createEcKey(name, { curve: "P-256", hsm: true });
  }

  // A client of the key, and the list of operations that it asks the HSM for.
  cryptography(key) {
    const asked = [];
    const policy = {
      name: "noting",
      async sendRequest(request, next) {
        const response = await next(request);
        if (response.status !== 401) {
          asked.push(new URL(request.url).pathname.split("/").pop().toLowerCase());
        }
        return response;
      },
    };
    const client = new CryptographyClient(key, this.credential, {
      additionalPolicies: [{ policy, position: "perRetry" }],
    });
    return { client, asked };
  }

  async deleted(name) {
    const poller = await this.client.beginDeleteKey(name, { intervalInMs: 200 });
    return poller.pollUntilDone();
  }

  async recovered(name) {
    const poller = await this.client.beginRecoverDeletedKey(name, { intervalInMs: 200 });
    return poller.pollUntilDone();
  }

  // Status and code with which the HSM refuses the call; null where it does not.
  async refusal(call) {
    try {
      await call();
    } catch (error) {
      if (error.name !== "RestError") throw error;
      return [error.statusCode, error.code];
    }
    return null;
  }

  own(kind) {
    if (!this.#own.has(kind)) this.#own.set(kind, made(kind));
    return this.#own.get(kind);
  }

  async imported(kind) {
    const own = this.own(kind);
    if (!this.#imported.has(kind)) {
      const key = { kty: own.type, keyOps: own.operations, ...own.members };
      const options = { hardwareProtected: true };
      const shown = await this.client.importKey(this.name("imported"), key, options);
      this.#imported.set(kind, shown);
    }
    return [own, this.#imported.get(kind)];
  }
}

// The public members of a key: bytes in base64, and the name of the curve.
export function coordinates(jwk) {
  const shown = {};
  for (const name of ["n", "e", "x", "y"]) {
    if (jwk[name] !== undefined) shown[name] = encoded(jwk[name]);
  }
  if (jwk.crv !== undefined) shown.crv = jwk.crv;
  return shown;
}

// A new key that is made here: its members to import, and what a claim about it must say.
function made(kind) {
  const [family, detail] = kind.split(" ");
  if (family === "oct") {
    const k = new Uint8Array(randomBytes(Number(detail) / 8));
    return {
      kind,
      type: "oct-HSM",
      operations: OCT_OPERATIONS,
      members: { k },
      material: { k: encoded(k) },
      signs: "HS256",
      digestBytes: 32,
    };
  }
  if (family === "EC") {
    const [namedCurve, signs, digestBytes] = CURVES[detail];
    const { privateKey } = generateKeyPairSync("ec", { namedCurve });
    const members = { ...bytesOf(privateKey, ["x", "y", "d"]), crv: detail };
    const material = coordinates(members);
    const operations = ["sign", "verify"];
    return { kind, type: "EC-HSM", operations, members, material, signs, digestBytes };
  }
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: Number(detail) });
  const members = bytesOf(privateKey, ["n", "e", "d", "p", "q", "dp", "dq", "qi"]);
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  return {
    kind,
    type: "RSA-HSM",
    operations: RSA_OPERATIONS,
    members,
    material: { ...coordinates(members), pem },
    signs: "RS256",
    digestBytes: 32,
  };
}

function bytesOf(key, names) {
  const jwk = key.export({ format: "jwk" });
  const bytes = names.map((name) => [name, new Uint8Array(Buffer.from(jwk[name], "base64url"))]);
  return Object.fromEntries(bytes);
}
