// The headers that say who a client is by its certificate (HDR-08). Their variables are set for hosts with client certificates
// and empty for all others, where an empty value removes the header: no client may send them (R19).
export const CLIENT_CERTIFICATE_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['ssl-client-verify', '$sluice_client_verify'],
  ['ssl-client-subject-dn', '$sluice_client_subject'],
  ['ssl-client-issuer-dn', '$sluice_client_issuer'],
  ['ssl-client-cert', '$sluice_client_certificate'],
];
