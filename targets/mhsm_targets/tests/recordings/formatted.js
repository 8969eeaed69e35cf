let nock = require('nock');

module.exports.testInfo = {"uniqueName":{}}

nock('https://hsm-a.managedhsm.azure.net:443', {
 encodedQueryParams: true
})
  .post('/keys/first/create', {
 kty: "EC",
 tags: {
  made: "by the emulator"
 }
})
  .query(true)
  .reply(401, "", [
 "content-type",
 "application/json; charset=utf-8",
 "x-ms-request-id",
 "5c445484-7605-1698-9d8e-a2bfe05a83d1",
 "x-ms-server-latency",
 "0",
 "cache-control",
 "no-cache",
 "content-security-policy",
 "default-src 'self'",
 "strict-transport-security",
 "max-age=31536000; includeSubDomains",
 "x-content-type-options",
 "nosniff",
 "x-frame-options",
 "SAMEORIGIN",
 "www-authenticate",
 "Bearer authorization=\"https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000\", resource=\"https://managedhsm.azure.net\""
]);

nock('https://hsm-a.managedhsm.azure.net:443', {
 encodedQueryParams: true
})
  .post('/keys/first/create', {
 kty: "EC",
 tags: {
  made: "by the emulator"
 }
})
  .query(true)
  .reply(200, {
 attributes: {
  created: 1900000000,
  enabled: true,
  exportable: false,
  recoverableDays: 90,
  recoveryLevel: "Recoverable+Purgeable",
  updated: 1900000000
 },
 key: {
  crv: "P-256",
  key_ops: [
   "sign",
   "verify"
  ],
  kid: "https://hsm-a.managedhsm.azure.net/keys/first/de70ca157c9bf7ec1921ddf674a2d4d3",
  kty: "EC-HSM",
  x: "Gj2Wxa4dZVWcEUXpiessOTAryZh6VcH6PNmCg1PcseE",
  y: "MXw6tagI-3RNc05uY2Xt_mRWTkDumSQVV2Z9o2maSpg"
 },
 tags: {
  made: "by the emulator"
 }
}, [
 "content-type",
 "application/json; charset=utf-8",
 "x-ms-request-id",
 "38bc7e06-73fe-19b4-8783-8c7e449b1727",
 "x-ms-server-latency",
 "0",
 "cache-control",
 "no-cache",
 "content-security-policy",
 "default-src 'self'",
 "strict-transport-security",
 "max-age=31536000; includeSubDomains",
 "x-content-type-options",
 "nosniff",
 "x-frame-options",
 "SAMEORIGIN",
 "x-ms-keyvault-region",
 "local",
 "x-ms-keyvault-network-info",
 "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=Ipv4;"
]);

nock('https://hsm-a.managedhsm.azure.net:443', {
 encodedQueryParams: true
})
  .get('/keys/first/')
  .query(true)
  .reply(200, {
 attributes: {
  created: 1900000000,
  enabled: true,
  exportable: false,
  recoverableDays: 90,
  recoveryLevel: "Recoverable+Purgeable",
  updated: 1900000000
 },
 key: {
  crv: "P-256",
  key_ops: [
   "sign",
   "verify"
  ],
  kid: "https://hsm-a.managedhsm.azure.net/keys/first/de70ca157c9bf7ec1921ddf674a2d4d3",
  kty: "EC-HSM",
  x: "Gj2Wxa4dZVWcEUXpiessOTAryZh6VcH6PNmCg1PcseE",
  y: "MXw6tagI-3RNc05uY2Xt_mRWTkDumSQVV2Z9o2maSpg"
 },
 tags: {
  made: "by the emulator"
 }
}, [
 "content-type",
 "application/json; charset=utf-8",
 "x-ms-request-id",
 "12bd2180-90f7-1c19-8a4f-d35fdec40f5a",
 "x-ms-server-latency",
 "0",
 "cache-control",
 "no-cache",
 "content-security-policy",
 "default-src 'self'",
 "strict-transport-security",
 "max-age=31536000; includeSubDomains",
 "x-content-type-options",
 "nosniff",
 "x-frame-options",
 "SAMEORIGIN",
 "x-ms-build-version",
 "1.0.20241105-1-00000000-emulator",
 "x-ms-keyvault-region",
 "local",
 "x-ms-keyvault-network-info",
 "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=Ipv4;"
]);

nock('https://hsm-a.managedhsm.azure.net:443', {
 encodedQueryParams: true
})
  .post('/keys/first//sign', {
 alg: "ES256",
 value: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
})
  .query(true)
  .reply(200, {
 alg: "ES256",
 kid: "https://hsm-a.managedhsm.azure.net/keys/first/de70ca157c9bf7ec1921ddf674a2d4d3",
 value: "2cvdY-HfMCeo1BXJP_ZuISBME9B41COOcTSv_ibm38ynTOdoBhBNvcEq3L2da6cF_oq2upztHAZdcPfIirU4IA"
}, [
 "content-type",
 "application/json; charset=utf-8",
 "x-ms-request-id",
 "c8b2a03d-3129-1d82-9110-03b68caa680e",
 "x-ms-server-latency",
 "0",
 "cache-control",
 "no-cache",
 "content-security-policy",
 "default-src 'self'",
 "strict-transport-security",
 "max-age=31536000; includeSubDomains",
 "x-content-type-options",
 "nosniff",
 "x-frame-options",
 "SAMEORIGIN",
 "x-ms-keyvault-region",
 "local",
 "x-ms-keyvault-network-info",
 "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=Ipv4;"
]);

nock('https://hsm-a.managedhsm.azure.net:443', {
 encodedQueryParams: true
})
  .get('/keys')
  .query(true)
  .reply(200, {
 value: [
  {
   attributes: {
    created: 1900000000,
    enabled: true,
    exportable: false,
    recoverableDays: 90,
    recoveryLevel: "Recoverable+Purgeable",
    updated: 1900000000
   },
   kid: "https://hsm-a.managedhsm.azure.net/keys/first",
   tags: {
    made: "by the emulator"
   }
  }
 ]
}, [
 "content-type",
 "application/json; charset=utf-8",
 "x-ms-request-id",
 "4697d8fe-f3a3-1be4-a758-857f451e4b48",
 "x-ms-server-latency",
 "0",
 "cache-control",
 "no-cache",
 "content-security-policy",
 "default-src 'self'",
 "strict-transport-security",
 "max-age=31536000; includeSubDomains",
 "x-content-type-options",
 "nosniff",
 "x-frame-options",
 "SAMEORIGIN",
 "x-ms-build-version",
 "1.0.20241105-1-00000000-emulator",
 "x-ms-keyvault-region",
 "local",
 "x-ms-keyvault-network-info",
 "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=Ipv4;"
]);

nock('https://hsm-a.managedhsm.azure.net:443', {
 encodedQueryParams: true
})
  .delete('/keys/first')
  .query(true)
  .reply(200, {
 attributes: {
  created: 1900000000,
  enabled: true,
  exportable: false,
  recoverableDays: 90,
  recoveryLevel: "Recoverable+Purgeable",
  updated: 1900000000
 },
 deletedDate: 1900000000,
 key: {
  crv: "P-256",
  key_ops: [
   "sign",
   "verify"
  ],
  kid: "https://hsm-a.managedhsm.azure.net/keys/first/de70ca157c9bf7ec1921ddf674a2d4d3",
  kty: "EC-HSM",
  x: "Gj2Wxa4dZVWcEUXpiessOTAryZh6VcH6PNmCg1PcseE",
  y: "MXw6tagI-3RNc05uY2Xt_mRWTkDumSQVV2Z9o2maSpg"
 },
 recoveryId: "https://hsm-a.managedhsm.azure.net/deletedkeys/first",
 scheduledPurgeDate: 1907776000,
 tags: {
  made: "by the emulator"
 }
}, [
 "content-type",
 "application/json; charset=utf-8",
 "x-ms-request-id",
 "e8a9bfdf-62a4-101b-b952-122cee893612",
 "x-ms-server-latency",
 "0",
 "cache-control",
 "no-cache",
 "content-security-policy",
 "default-src 'self'",
 "strict-transport-security",
 "max-age=31536000; includeSubDomains",
 "x-content-type-options",
 "nosniff",
 "x-frame-options",
 "SAMEORIGIN",
 "x-ms-keyvault-region",
 "local",
 "x-ms-keyvault-network-info",
 "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=Ipv4;"
]);

nock('https://hsm-a.managedhsm.azure.net:443', {
 encodedQueryParams: true
})
  .get('/keys/first/')
  .query(true)
  .reply(404, {
 error: {
  code: "KeyNotFound",
  message: "Key not found: https://hsm-a.managedhsm.azure.net/keys/first (Activity ID: 5d676d47-fd10-1dd5-9b52-562bc2f076bc)"
 }
}, [
 "content-type",
 "application/json; charset=utf-8",
 "x-ms-request-id",
 "5d676d47-fd10-1dd5-9b52-562bc2f076bc",
 "x-ms-server-latency",
 "0",
 "cache-control",
 "no-cache",
 "content-security-policy",
 "default-src 'self'",
 "strict-transport-security",
 "max-age=31536000; includeSubDomains",
 "x-content-type-options",
 "nosniff",
 "x-frame-options",
 "SAMEORIGIN",
 "x-ms-build-version",
 "1.0.20241105-1-00000000-emulator"
]);
