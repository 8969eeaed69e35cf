// What CryptographyClient does: every algorithm that it knows, by the HSM and by itself.

import { createHash, randomBytes } from "node:crypto";
import { KnownEncryptionAlgorithms, KnownSignatureAlgorithms } from "@azure/keyvault-keys";
import { coordinates } from "./stand.mjs";
import { decrypts, equal, signs } from "./testimony.mjs";

const CURVES = { ES256: "P-256", ES256K: "P-256K", ES384: "P-384", ES512: "P-521" };
// The type KeyWrapAlgorithm lists these, and has no values to read them from.
const WRAPPING = [
  ...["A128KW", "A192KW", "A256KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5"],
  ...["CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD"],
];
// What the client computes by itself where it has the public key.
const BY_ITSELF = ["RSA1_5", "RSA-OAEP"];
// A whole block: the service was recorded to fill a shorter one with zero bytes before it is used.
const AAD = Buffer.from("goes with a text");

export function cryptoScenes(stand) {
  const scenes = [];
  const scene = (operation, play) => scenes.push({ operation, play });

  // ES256K is not among the values, but among those that the documentation of `sign` gives.
  const signing = [...new Set([...Object.values(KnownSignatureAlgorithms), "ES256K"])];
  for (const algorithm of signing) {
    scene(`sign and verify ${algorithm}`, async () => {
      const [own, key] = await stand.imported(kindFor(algorithm));
      const { client, asked } = stand.cryptography(key);
      const digest = randomBytes(digestBytes(algorithm));
      const signed = await client.sign(algorithm, digest);
      const good = await client.verify(algorithm, digest, signed.result);
      const bad = await client.verify(algorithm, digest, altered(signed.result));
      return [
        signs(own.material, algorithm, digest, signed.result),
        equal("verified", true, good.result),
        equal("an altered one verified", false, bad.result),
        equal("what the HSM was asked for", ["sign", "verify", "verify"], asked),
      ];
    });
  }
  for (const algorithm of ["RS256", "RS512", "ES256", "ES512"]) {
    scene(`signData and verifyData ${algorithm}`, async () => {
      const [own, key] = await stand.imported(kindFor(algorithm));
      const { client } = stand.cryptography(key);
      const data = Buffer.from("a text");
      const digest = createHash(`sha${algorithm.slice(2)}`).update(data).digest();
      const signed = await client.signData(algorithm, data);
      const good = await client.verifyData(algorithm, data, signed.result);
      const bad = await client.verifyData(algorithm, Buffer.from("b text"), signed.result);
      return [
        signs(own.material, algorithm, digest, signed.result),
        equal("verified", true, good.result),
        equal("another text verified", false, bad.result),
      ];
    });
  }
  scenes.push({
    operation: "signData and verifyData PS384",
    defect: "it verifies the signature by itself, and as if it were PKCS #1 v1.5",
    play: async () => {
      const [own, key] = await stand.imported(kindFor("PS384"));
      const { client, asked } = stand.cryptography(key);
      const data = Buffer.from("a text");
      const digest = createHash("sha384").update(data).digest();
      const signed = await client.signData("PS384", data);
      const good = await client.verifyData("PS384", data, signed.result);
      return [
        signs(own.material, "PS384", digest, signed.result),
        equal("verified", false, good.result),
        equal("what the HSM was asked for", ["sign"], asked),
      ];
    },
  });
  for (const algorithm of Object.values(KnownEncryptionAlgorithms)) {
    // The values mix the algorithms of wrapKey in, which encrypt does not take.
    if (WRAPPING.includes(algorithm) && !algorithm.startsWith("RSA")) continue;
    scene(`encrypt and decrypt ${algorithm}`, async () => {
      const [own, key] = await stand.imported(kindFor(algorithm));
      const { client, asked } = stand.cryptography(key);
      const plaintext = randomBytes(32);
      const more = {};
      if (algorithm.includes("GCM")) more.additionalAuthenticatedData = AAD;
      if (algorithm.includes("CBC")) more.iv = randomBytes(16);
      const made = await client.encrypt({ algorithm, plaintext, ...more });
      if (algorithm.includes("GCM")) {
        more.iv = made.iv;
        more.authenticationTag = made.authenticationTag;
      }
      const undone = await client.decrypt({ algorithm, ciphertext: made.result, ...more });
      return [
        decrypts(own.material, algorithm, plaintext, made.result, {
          iv: more.iv,
          tag: more.authenticationTag,
          aad: more.additionalAuthenticatedData,
        }),
        equal("decrypted", plaintext, undone.result),
        equal("what the HSM was asked for", asking(algorithm, "encrypt", "decrypt"), asked),
      ];
    });
  }
  for (const algorithm of WRAPPING) {
    scene(`wrapKey and unwrapKey ${algorithm}`, async () => {
      const [own, key] = await stand.imported(kindFor(algorithm));
      const { client, asked } = stand.cryptography(key);
      const secret = randomBytes(algorithm === "CKM_AES_KEY_WRAP_PAD" ? 21 : 32);
      const made = await client.wrapKey(algorithm, secret);
      const undone = await client.unwrapKey(algorithm, made.result);
      return [
        decrypts(own.material, algorithm, secret, made.result),
        equal("unwrapped", secret, undone.result),
        equal("what the HSM was asked for", asking(algorithm, "wrapkey", "unwrapkey"), asked),
      ];
    });
  }
  scene("decrypt A256GCM, altered", async () => {
    const [, key] = await stand.imported("oct 256");
    const { client } = stand.cryptography(key);
    const plaintext = Buffer.from("text");
    const { result, iv, authenticationTag } = await client.encrypt({
      algorithm: "A256GCM",
      plaintext,
    });
    const refused = await stand.refusal(() =>
      client.decrypt({
        algorithm: "A256GCM",
        ciphertext: result,
        iv,
        authenticationTag: altered(authenticationTag),
      }),
    );
    return [equal("the status", 400, refused?.[0])];
  });
  scene("CryptographyClient by identifier alone", async () => {
    const made = await stand.small(stand.name("named"));
    const digest = randomBytes(32);
    const signed = await stand.cryptography(made.id).client.sign("ES256", digest);
    return [
      signs(coordinates(made.key), "ES256", digest, signed.result),
      equal("the key", made.id, signed.keyID),
    ];
  });
  return scenes;
}

function kindFor(algorithm) {
  if (/^(RS|PS)/.test(algorithm)) return "RSA 2048";
  if (algorithm in CURVES) return `EC ${CURVES[algorithm]}`;
  const bits = /^A(\d{3})/.exec(algorithm);
  return `oct ${bits === null ? 256 : bits[1]}`;
}

function digestBytes(algorithm) {
  return { 256: 32, 384: 48, 512: 64 }[algorithm.slice(2, 5)] ?? 20;
}

function asking(algorithm, forth, back) {
  return BY_ITSELF.includes(algorithm) ? [back] : [forth, back];
}

function altered(value) {
  const changed = Uint8Array.from(value);
  changed[changed.length - 1] ^= 1;
  return changed;
}
