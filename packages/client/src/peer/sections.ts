/**
 * The media sections of the one connection, in their order: pure. A section that closes leaves its slot to the next
 * one that opens (JSEP, RFC 9429 section 5.3.1: a rejected section may be used again under another mid), so that the
 * description grows with what is open at once, never with what has been.
 */
import type { RtpParameters } from '@sangam/protocol'

/** A codec as a section names it. */
export type SectionCodec = RtpParameters['codecs'][number]

interface MediaSection {
  readonly mid: string
  readonly media: 'audio' | 'video'
  readonly codecs: readonly SectionCodec[]
  readonly headerExtensions: readonly { readonly uri: string; readonly id: number }[]
}

/** A stream from this device to the server. */
export interface SendSection extends MediaSection {
  readonly kind: 'send'
  /** Simulcast streams, the smallest first (RFC 8853); empty: one stream. */
  readonly rids: readonly string[]
}

/** A stream from the server to this device. */
export interface ReceiveSection extends MediaSection {
  readonly kind: 'receive'
  readonly cname: string
  readonly ssrc: number
  readonly rtxSsrc?: number
  /** Streams of one name are kept in step (RFC 8830): a voice and its picture. */
  readonly streamId: string
  readonly trackId: string
}

/** The data channels. It stands first and never closes: the bundle's transport hangs on the first section. */
export interface DataSection {
  readonly kind: 'data'
  readonly mid: string
}

/** An empty slot; it keeps the form of what it held. */
export interface ClosedSection extends MediaSection {
  readonly kind: 'closed'
}

/** One section. */
export type Section = DataSection | SendSection | ReceiveSection | ClosedSection

/** Mid of the data channels. The server names its streams with numbers, this side names its own with a letter. */
export const DATA_MID = 'data'

/** Only the data channels. */
export const INITIAL_SECTIONS: readonly Section[] = [{ kind: 'data', mid: DATA_MID }]

/** Opens a section: in the first empty slot of its medium, else in a new one at the end. */
export function openSection(
  sections: readonly Section[],
  section: SendSection | ReceiveSection,
): readonly Section[] {
  const slot = sections.findIndex((one) => one.kind === 'closed' && one.media === section.media)
  return slot === -1 ? [...sections, section] : sections.with(slot, section)
}

/** Closes the section of a mid; an unknown one changes nothing. */
export function closeSection(sections: readonly Section[], mid: string): readonly Section[] {
  const slot = sections.findIndex((one) => one.mid === mid)
  const section = sections[slot]
  if (section === undefined || section.kind === 'data' || section.kind === 'closed') return sections
  const { media, codecs } = section
  return sections.with(slot, { kind: 'closed', mid, media, codecs, headerExtensions: [] })
}
