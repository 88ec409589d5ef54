import { createHash, X509Certificate } from 'node:crypto'
import type { Fingerprint, FingerprintAlgorithm } from './packet-port/packet-port.ts'

const ALGORITHMS: readonly FingerprintAlgorithm[] = ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']

/** All fingerprints (RFC 8122 section 5) of a certificate in PEM. */
export function certificateFingerprints(pem: string): readonly Fingerprint[] {
  const der = new X509Certificate(pem).raw
  return ALGORITHMS.map((algorithm) => ({
    algorithm,
    value: (
      createHash(algorithm.replace('-', '')).update(der).digest('hex').toUpperCase().match(/../g) ?? []
    ).join(':'),
  }))
}
