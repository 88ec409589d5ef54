import { expect, test } from 'vitest'
import { formatBanner, formatMediaPorts } from '../src/banner.ts'

const facts = {
  version: '1.2.3',
  localUrl: 'http://localhost:3000',
  networkUrls: ['https://192.0.2.7:3443', 'https://198.51.100.7:3443'],
  certificateSha256: Array.from({ length: 32 }, (_, i) => (i + 160).toString(16).toUpperCase()).join(':'),
  dataDir: '/srv/sangam/data',
  mediaPorts: [4443, 4444],
  mediaTcp: true,
}

test('the banner names every address, the whole fingerprint, the data folder and the media ports', () => {
  const banner = formatBanner(facts)
  for (const text of [
    facts.localUrl,
    ...facts.networkUrls,
    facts.dataDir,
    'UDP and TCP 4443-4444',
    '1.2.3',
  ]) {
    expect(banner).toContain(text)
  }
  const shown = [...banner.matchAll(/\b[0-9A-F]{2}\b(?=[:\n])/g)].map(([byte]) => byte).join(':')
  expect(shown).toBe(facts.certificateSha256)
  expect(banner.split('\n').every((line) => line.length <= 80)).toBe(true)
})

test('without https the banner names no certificate and no network address', () => {
  const banner = formatBanner({ ...facts, networkUrls: [], certificateSha256: undefined })
  expect(banner).not.toContain('https')
  expect(banner).not.toContain('SHA-256')
})

test.each([
  [[], true, 'off'],
  [[4443], false, 'UDP 4443'],
  [[4443, 4444, 4445], false, 'UDP 4443-4445'],
  [[4443, 5000], true, 'UDP and TCP 4443, 5000'],
])('media ports %j, with TCP %s, are shown as %s', (ports, tcp, text) => {
  expect(formatMediaPorts(ports, tcp)).toBe(text)
})
