// What credentials of @azure/identity do: they find an endpoint, and the HSM takes the token.

import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { KeyClient } from "@azure/keyvault-keys";
import { equal } from "./testimony.mjs";

const SCOPE = "https://managedhsm.azure.net/.default";
const APP_SERVICE = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
const MACHINE = ["AZURE_POD_IDENTITY_AUTHORITY_HOST"];

export function identityScenes(stand) {
  const scenes = [];
  for (const kind of [ManagedIdentityCredential, DefaultAzureCredential]) {
    for (const [form, hidden] of [
      ["App Service", MACHINE],
      ["a virtual machine (IMDS)", APP_SERVICE],
    ]) {
      scenes.push({
        operation: `${kind.name}, ${form}`,
        play: () => without(hidden, () => drawing(stand, new kind())),
      });
    }
  }
  scenes.push({
    operation: "getKey with a token that is none",
    play: async () => [equal("the status", 401, await status(stand, "not-a-token"))],
  });
  scenes.push({
    operation: "getKey with a token that is forged",
    play: async () => {
      const { token } = await stand.credential.getToken(SCOPE);
      const [head, claims, signature] = token.split(".");
      const forged = (signature[0] === "A" ? "B" : "A") + signature.slice(1);
      return [
        equal("the status with the good token", 404, await status(stand, token)),
        equal("the status", 401, await status(stand, `${head}.${claims}.${forged}`)),
      ];
    },
  });
  return scenes;
}

async function drawing(stand, credential) {
  const drawn = await new KeyClient(stand.url, credential).getRandomBytes(16);
  return [equal("the random bytes", 16, drawn.length)];
}

async function status(stand, token) {
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3.6e6 }) };
  const client = new KeyClient(stand.url, credential);
  return (await stand.refusal(() => client.getKey("no-such-key")))?.[0];
}

// The environment without these variables, while the call runs.
async function without(names, call) {
  const kept = names.filter((name) => name in process.env).map((name) => [name, process.env[name]]);
  for (const name of names) delete process.env[name];
  try {
    return await call();
  } finally {
    Object.assign(process.env, Object.fromEntries(kept));
  }
}
