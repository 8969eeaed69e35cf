// What KeyClient does: births, reads, lists, changes, deletions, backups.

import { randomBytes } from "node:crypto";
import { coordinates } from "./stand.mjs";
import { equal, signs } from "./testimony.mjs";

const POLICY = {
  version: "1.0.0",
  anyOf: [
    {
      authority: "https://sharedeus.eus.attest.azure.net/",
      allOf: [{ claim: "x-ms-attestation-type", equals: "sevsnpvm" }],
    },
  ],
};

export function keyScenes(stand) {
  const { client } = stand;
  const scenes = [];
  const scene = (operation, play) => scenes.push({ operation, play });
  const beyond = (operation, call) =>
    scenes.push({
      operation,
      isModelled: false,
      play: async () => {
        const { name, properties } = await stand.small(stand.name("beyond"));
        return call(name, properties.version);
      },
    });

  for (const bits of [2048, 3072, 4096]) {
    scene(`create RSA-HSM ${bits}`, async () => {
      const options = { keySize: bits, hsm: true };
      const made = await client.createRsaKey(stand.name("rsa"), options);
      return [
        equal("the key type", "RSA-HSM", made.keyType),
        equal("the bits of the modulus", bits, made.key.n.length * 8),
        equal("its first bit", 1, made.key.n[0] >> 7),
        ...(await readBack(stand, made)),
      ];
    });
  }
  for (const curve of ["P-256", "P-384", "P-521", "P-256K"]) {
    scene(`create EC-HSM ${curve}`, async () => {
      const made = await client.createEcKey(stand.name("ec"), { curve, hsm: true });
      return [
        equal("the key type", "EC-HSM", made.keyType),
        equal("the curve", curve, made.key.crv),
        ...(await readBack(stand, made)),
      ];
    });
  }
  for (const bits of [128, 192, 256]) {
    scene(`create oct-HSM ${bits}`, async () => {
      const made = await client.createOctKey(stand.name("oct"), { keySize: bits, hsm: true });
      return [
        equal("the key type", "oct-HSM", made.keyType),
        equal("the secret that is shown", null, made.key.k),
        ...(await readBack(stand, made)),
      ];
    });
  }
  for (const kind of [
    "RSA 2048",
    ...["P-256", "P-384", "P-521", "P-256K"].map((curve) => `EC ${curve}`),
    ...[128, 192, 256].map((bits) => `oct ${bits}`),
  ]) {
    scene(`importKey ${kind}`, async () => {
      const [own, made] = await stand.imported(kind);
      const digest = randomBytes(own.digestBytes);
      const signed = await stand.cryptography(made).client.sign(own.signs, digest);
      return [
        equal("the key type", own.type, made.keyType),
        equal("what is private of it", null, made.key.d ?? made.key.k ?? made.key.p),
        equal("what is public of it", coordinates(own.members), coordinates(made.key)),
        signs(own.material, own.signs, digest, signed.result),
      ];
    });
  }
  scene("createKey with attributes and tags", async () => {
    const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000);
    const expiresOn = new Date(notBefore.getTime() + 400 * 86_400_000);
    const tags = { colour: "blue", größe: "1" };
    const made = await client.createKey(stand.name("attributes"), "EC-HSM", {
      curve: "P-256",
      keyOps: ["sign"],
      enabled: true,
      notBefore,
      expiresOn,
      tags,
    });
    const read = await client.getKey(made.name);
    return [
      equal("key_ops", ["sign"], read.keyOperations),
      equal("enabled", true, read.properties.enabled),
      equal("notBefore", notBefore.toISOString(), read.properties.notBefore.toISOString()),
      equal("expiresOn", expiresOn.toISOString(), read.properties.expiresOn.toISOString()),
      equal("tags", tags, read.properties.tags),
      equal("recoveryLevel", "Recoverable+Purgeable", read.properties.recoveryLevel),
      equal("vaultUrl", stand.url, read.properties.vaultUrl),
    ];
  });
  scene("createRsaKey with releasePolicy", async () => {
    const made = await client.createRsaKey(stand.name("released"), {
      hsm: true,
      exportable: true,
      releasePolicy: { encodedPolicy: Buffer.from(JSON.stringify(POLICY)), immutable: false },
    });
    const { properties } = await client.getKey(made.name);
    const policy = Buffer.from(properties.releasePolicy.encodedPolicy).toString();
    return [
      equal("exportable", true, properties.exportable),
      equal("the policy", POLICY, JSON.parse(policy)),
    ];
  });
  scene("getKey, a version and the latest", async () => {
    const name = stand.name("versions");
    const made = [await stand.small(name), await stand.small(name)];
    const first = await client.getKey(name, { version: made[0].properties.version });
    const latest = await client.getKey(name);
    return [
      equal("the first version", made[0].key.x, first.key.x),
      equal("the latest version", made[1].id, latest.id),
      equal("two versions are one", false, made[0].id === made[1].id),
    ];
  });
  scene("listPropertiesOfKeyVersions", async () => {
    const name = stand.name("many-versions");
    const made = [];
    for (let count = 0; count < 5; count += 1) made.push((await stand.small(name)).id);
    const found = await pages(client.listPropertiesOfKeyVersions(name), 2);
    return [
      equal("the versions", made.sort(), found.flatMap((page) => page.map(idOf)).sort()),
      equal("more than one page", true, found.length > 1),
    ];
  });
  scene("listPropertiesOfKeys, page by page", async () => {
    const before = await pages(client.listPropertiesOfKeys());
    const made = [];
    for (let count = 0; count < 30; count += 1) {
      made.push((await stand.small(stand.name("listed"))).name);
    }
    const found = await pages(client.listPropertiesOfKeys(), 3);
    const expected = [...before.flatMap((page) => page.map(nameOf)), ...made].sort();
    return [
      equal("the names", expected, found.flatMap((page) => page.map(nameOf)).sort()),
      equal("more than one page", true, found.length > 1),
    ];
  });
  scene("updateKeyProperties", async () => {
    const made = await stand.small(stand.name("updated"));
    const expiresOn = new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000);
    const { version } = made.properties;
    const changes = { keyOps: ["verify"], expiresOn, tags: { a: "b" } };
    const changed = await client.updateKeyProperties(made.name, version, changes);
    const read = await client.getKey(made.name);
    return [
      equal("the version", made.id, changed.id),
      equal("the key", made.key.x, read.key.x),
      equal("key_ops", ["verify"], read.keyOperations),
      equal("expiresOn", expiresOn.toISOString(), read.properties.expiresOn.toISOString()),
      equal("tags", { a: "b" }, read.properties.tags),
    ];
  });
  scene("updateKeyProperties, disabled", async () => {
    const made = await stand.small(stand.name("disabled"));
    await client.updateKeyProperties(made.name, { enabled: false });
    const use = stand.cryptography(made).client;
    const refused = await stand.refusal(() => use.sign("ES256", new Uint8Array(32)));
    await client.updateKeyProperties(made.name, { enabled: true });
    const signed = await use.sign("ES256", new Uint8Array(32));
    return [
      equal("the status of a use", 403, refused?.[0]),
      signs(coordinates(made.key), "ES256", new Uint8Array(32), signed.result),
    ];
  });
  scene("beginDeleteKey and listDeletedKeys", async () => {
    const made = [];
    for (let count = 0; count < 4; count += 1) made.push(await stand.small(stand.name("deleted")));
    const deleted = [];
    for (const key of made) deleted.push((await stand.deleted(key.name)).key.kid);
    const found = (await pages(client.listDeletedKeys(), 2)).flatMap((page) => page.map(nameOf));
    const listed = (await pages(client.listPropertiesOfKeys())).flatMap((page) => page.map(nameOf));
    const one = await client.getDeletedKey(made[0].name);
    const { recoveryId, scheduledPurgeDate, deletedOn } = one.properties;
    const refused = await stand.refusal(() => client.getKey(made[0].name));
    return [
      equal("the identifiers", made.map(idOf), deleted),
      equal("the recovery_id", `${stand.url}/deletedkeys/${one.name}`, recoveryId),
      equal("the deleted keys missed", [], made.map(nameOf).filter((n) => !found.includes(n))),
      equal("the deleted keys among the others", [], made.map(nameOf).filter((n) => listed.includes(n))),
      equal("the key", made[0].key.x, one.key.x),
      equal("the days that it is kept", 90, (scheduledPurgeDate - deletedOn) / 86_400_000),
      equal("reading it", [404, "KeyNotFound"], refused),
    ];
  });
  scene("beginRecoverDeletedKey", async () => {
    const made = await stand.small(stand.name("recovered"));
    await stand.deleted(made.name);
    const recovered = await stand.recovered(made.name);
    const read = await client.getKey(made.name);
    const digest = randomBytes(32);
    const signed = await stand.cryptography(read).client.sign("ES256", digest);
    return [
      equal("the identifier", made.id, recovered.id),
      signs(coordinates(made.key), "ES256", digest, signed.result),
    ];
  });
  scene("purgeDeletedKey", async () => {
    const made = await stand.small(stand.name("purged"));
    await stand.deleted(made.name);
    await client.purgeDeletedKey(made.name);
    const gone = await stand.refusal(() => client.getDeletedKey(made.name));
    const again = await stand.small(made.name);
    return [
      equal("the status of the deleted key", 404, gone?.[0]),
      equal("the key is another", false, Buffer.from(made.key.x).equals(again.key.x)),
    ];
  });
  scene("backupKey and restoreKeyBackup", async () => {
    const name = stand.name("backed-up");
    const made = [await stand.small(name), await stand.small(name)];
    const blob = await client.backupKey(name);
    const refused = await stand.refusal(() => client.restoreKeyBackup(blob));
    await stand.deleted(name);
    await client.purgeDeletedKey(name);
    const restored = await client.restoreKeyBackup(blob);
    const found = await pages(client.listPropertiesOfKeyVersions(name));
    const old = await client.getKey(name, { version: made[0].properties.version });
    const digest = randomBytes(32);
    const signed = await stand.cryptography(old).client.sign("ES256", digest);
    return [
      equal("the status over a key", 409, refused?.[0]),
      equal("the latest version", made[1].id, restored.id),
      equal("the versions", made.map(idOf).sort(), found.flat().map(idOf).sort()),
      signs(coordinates(made[0].key), "ES256", digest, signed.result),
    ];
  });
  scene("getRandomBytes", async () => {
    const drawn = [];
    for (const count of [1, 32, 128]) drawn.push(await client.getRandomBytes(count));
    const again = await client.getRandomBytes(32);
    return [
      equal("the lengths", [1, 32, 128], drawn.map((value) => value.length)),
      equal("two draws are one", false, Buffer.from(again).equals(drawn[1])),
    ];
  });
  scene("getKey, no such key", async () => {
    const refused = await stand.refusal(() => client.getKey("no-such-key"));
    return [equal("the refusal", [404, "KeyNotFound"], refused)];
  });
  scene("createEcKey, the name deleted", async () => {
    const made = await stand.small(stand.name("in-use"));
    await stand.deleted(made.name);
    const refused = await stand.refusal(() => stand.small(made.name));
    return [equal("the status", 409, refused?.[0])];
  });
  beyond("rotateKey", (name) => client.rotateKey(name));
  beyond("getKeyRotationPolicy", (name) => client.getKeyRotationPolicy(name));
  beyond("getKeyAttestation", (name, version) => client.getKeyAttestation(name, { version }));
  beyond("releaseKey", (name) => client.releaseKey(name, "a.b.c"));
  return scenes;
}

async function readBack(stand, made) {
  const read = await stand.client.getKey(made.name);
  return [
    equal("the identifier read", made.id, read.id),
    equal("what is public, read", coordinates(made.key), coordinates(read.key)),
  ];
}

async function pages(listing, maxPageSize) {
  const found = [];
  for await (const page of listing.byPage({ maxPageSize })) found.push(page);
  return found;
}

function idOf(item) {
  return item.id;
}

function nameOf(item) {
  return item.name;
}
