// A witness: `node witness.mjs`, told by the environment alone (AZURE_MANAGEDHSM_URL).

import { readFileSync } from "node:fs";
import { DefaultAzureCredential } from "@azure/identity";
import { cryptoScenes } from "./crypto_scenes.mjs";
import { identityScenes } from "./identity_scenes.mjs";
import { keyScenes } from "./key_scenes.mjs";
import { Stand } from "./stand.mjs";
import { Testimony } from "./testimony.mjs";

const CLIENT = "@azure/keyvault-keys";

// The version that is installed, which the package does not export.
const manifest = new URL(`node_modules/${CLIENT}/package.json`, import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));
const stand = new Stand(process.env.AZURE_MANAGEDHSM_URL, new DefaultAzureCredential());
const testimony = new Testimony(CLIENT, version);
for (const scenes of [keyScenes, cryptoScenes, identityScenes]) {
  for (const scene of scenes(stand)) await testimony.play(scene);
}
testimony.end();
