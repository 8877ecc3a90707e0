import { X509Certificate } from 'node:crypto';

/** Certificates whose keys nobody has: three of their own, and one that `authority` issued. Made with openssl, as docs/image.md says. */
const texts = {
  own: [
    'MIIBczCCARmgAwIBAgIUcMvIBsfcR35Ii88OTBh2bICaGWUwCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDb3duMCAXDTI2MTEyOTE4',
    'NDUwMloYDzIxMjYxMTA1MTg0NTAyWjAOMQwwCgYDVQQDDANvd24wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATnCrJ42DZ3RCcs',
    'a1h/Z6pgt2uklTM2KQD+Ka7c5HkAOrrzFgJIuoTZeP5RoihC6aH94ctgyPasTOR6grelnpfbo1MwUTAdBgNVHQ4EFgQUO2DTQZmM',
    'PkepXkc7lD1IPflnfqQwHwYDVR0jBBgwFoAUO2DTQZmMPkepXkc7lD1IPflnfqQwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD',
    'AgNIADBFAiBSvXY+hB/0w9UkIOBLHQdLP7FTSBQj7MjK6FVqCIs/kAIhAKBpMeAwaOaf48aY6pA4oZ+IqemyBt9Hl5koWLTCWd7L',
  ],
  other: [
    'MIIBdjCCAR2gAwIBAgIUJgdX27i1zDCL1sLflAhXRsZsJU0wCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFb3RoZXIwIBcNMjYxMTI5',
    'MTg0NTAyWhgPMjEyNjExMDUxODQ1MDJaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEnzaBgPQW',
    'cFI+Mw8k6IZ4vdkyCVy4RcMHDRrm+ZtLcE+nt3DLZS89V8768zvJReZu9UktZU5J0cBX7T32J/LrhaNTMFEwHQYDVR0OBBYEFJ4T',
    'ZnJERxulQLfRAYvoh4w5oQL3MB8GA1UdIwQYMBaAFJ4TZnJERxulQLfRAYvoh4w5oQL3MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI',
    'zj0EAwIDRwAwRAIgZy2rBqdX+/dKrcEeBmkstskcM0XPOJmQlhe367aB/EMCIFepKg1gVkKjQ1JAh39B0D6vuSIqxSgHBhcJ43u9',
    'zpWU',
  ],
  authority: [
    'MIIBgDCCASWgAwIBAgIUbcfWP4QJFI85rBZjvSz5fg4WLXUwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2',
    'MTEyOTE4NDUwMloYDzIxMjYxMTA1MTg0NTAyWjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC',
    'AAQRvxyO9xWgF5ZjEOtXNUb00wsL/im6lbEFTCK0qEpMWS7pKFauIeetxCbrZgB2rzdOG6N8t+EDTOyx3kIdb1yio1MwUTAdBgNV',
    'HQ4EFgQUbTwFdajTzLYFqERxhdyijGIiHaAwHwYDVR0jBBgwFoAUbTwFdajTzLYFqERxhdyijGIiHaAwDwYDVR0TAQH/BAUwAwEB',
    '/zAKBggqhkjOPQQDAgNJADBGAiEAsAizHv/Y4yOasS+S9+0pjMzPxHEGK5kBECvTK/qdW9wCIQCVsccT0Tv6Ma8Hmx3u80fGsz/T',
    'uOwSNUWIpGe6cyEprg==',
  ],
  issued: [
    'MIIBITCByAIUBlpPv+em5Z2xGntyFfou5jwV/0cwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyOTE4',
    'NDUwM1oYDzIxMjYxMTA1MTg0NTAzWjARMQ8wDQYDVQQDDAZpc3N1ZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARtfIpjzyS/',
    'kEbaKtZwgWNrg06P6JfaPlIDAn0f+D6rRnuL2vhBkQV5E1z3u/DxFYtUtgMk6xkoiNWOcXkFPC01MAoGCCqGSM49BAMCA0gAMEUC',
    'IGmIxduCWx6l2TZi4B+jFgy5Ih0bTdMK5mP48AgfO2KYAiEA4YYjJ9MxQa5CL+4KCBvKXydXsjb3QEWbvD/a68k0ypk=',
  ],
} as const;

const read = (name: keyof typeof texts): X509Certificate =>
  new X509Certificate(Buffer.from(texts[name].join(''), 'base64'));

export const certificates = {
  own: read('own'),
  other: read('other'),
  authority: read('authority'),
  issued: read('issued'),
};
