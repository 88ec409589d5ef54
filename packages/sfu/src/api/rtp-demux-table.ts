import type { RtpParameters } from '@sangam/ortc'
import { errors } from './errors.ts'

/**
 * By what a transport tells its producers' packets apart: SSRC, MID, and RID where there is no MID (RFC 8843 section 9.2,
 * RFC 8852). Two producers that claim the same could not be told apart.
 */
export class RtpDemuxTable {
  readonly #ownerByKey = new Map<string, string>()

  /** Claims what the parameters name. @throws TypeError that names the conflict; then nothing is claimed */
  claim(producerId: string, rtpParameters: RtpParameters): void {
    const keys = keysOf(rtpParameters)
    const seen = new Set<string>()
    for (const { key, field } of keys) {
      if (seen.has(key)) throw errors.optionConflict(field, `${key} stands there twice`)
      seen.add(key)
      const owner = this.#ownerByKey.get(key)
      if (owner !== undefined) {
        throw errors.optionConflict(field, `${key} is in use on this transport, by producer ${owner}`)
      }
    }
    for (const key of seen) this.#ownerByKey.set(key, producerId)
  }

  /** Frees what the producer claimed. */
  release(producerId: string): void {
    for (const [key, owner] of this.#ownerByKey) {
      if (owner === producerId) this.#ownerByKey.delete(key)
    }
  }
}

function keysOf({ mid, encodings = [] }: RtpParameters): { key: string; field: string }[] {
  const keys: { key: string; field: string }[] = []
  if (mid !== undefined && mid !== '') keys.push({ key: `MID '${mid}'`, field: 'rtpParameters.mid' })
  encodings.forEach(({ ssrc, rid, rtx }, index) => {
    const field = `rtpParameters.encodings[${index}]`
    if (ssrc !== undefined) keys.push({ key: `SSRC ${ssrc}`, field: `${field}.ssrc` })
    if (rtx !== undefined) keys.push({ key: `SSRC ${rtx.ssrc}`, field: `${field}.rtx.ssrc` })
    // With a MID, a RID has a meaning within that MID only.
    if (rid !== undefined && !mid) keys.push({ key: `RID '${rid}'`, field: `${field}.rid` })
  })
  return keys
}
