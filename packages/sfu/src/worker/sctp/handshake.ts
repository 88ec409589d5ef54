import type { SctpInit } from '@sangam/rtp'

const MAX_32 = 0x100000000
const COOKIE_BYTES = 16
/** Attempts to send INIT or COOKIE ECHO (RFC 9260 section 16: Max.Init.Retransmits). */
const MAX_ATTEMPTS = 8
/** RFC 9260 section 16: RTO.Initial; doubled with each attempt, but a person does not wait for minutes. */
const FIRST_TIMEOUT_MS = 1000
const MAX_TIMEOUT_MS = 4000

/** What the handshake agreed on. */
export interface SctpAgreement {
  readonly localTag: number
  readonly localTsn: number
  readonly peer: SctpInit
}

/** What is to be sent next, by timer or as an answer. */
export type HandshakeStep =
  | { readonly type: 'init'; readonly init: SctpInit }
  | { readonly type: 'cookieEcho'; readonly cookie: Uint8Array; readonly peerTag: number }

/** The own side's part of INIT and INIT ACK. */
export type OwnInit = Omit<SctpInit, 'initiateTag' | 'initialTsn' | 'cookie' | 'unrecognized'>

/** What an INIT ACK offered, until its cookie comes back. */
interface Answer extends SctpAgreement {
  readonly cookie: Uint8Array
}

/**
 * The four-way handshake (RFC 9260 section 5), from both sides at once if need be. The state cookie is a random number,
 * and what it stands for is kept here: the peer of a DTLS connection has proved who it is, it is one, and one INIT of
 * it is remembered, so that there is nothing to exhaust, and nothing in a cookie to forge.
 */
export class Handshake {
  readonly #own: OwnInit
  readonly #random: (below: number) => number
  #localTag: number
  #localTsn: number
  #step: HandshakeStep | undefined
  #peer: SctpInit | undefined
  #attempts = 0
  #sendAtMs = Number.POSITIVE_INFINITY
  #answered: Answer | undefined
  #established: SctpAgreement | undefined

  constructor(own: OwnInit, random: (below: number) => number) {
    this.#own = own
    this.#random = random
    this.#localTag = this.#newTag()
    this.#localTsn = random(MAX_32)
  }

  /** The tag that the peer's packets must carry. */
  get localTag(): number {
    return this.#localTag
  }

  /** Starts with an INIT. */
  start(nowMs: number): void {
    this.#step = { type: 'init', init: this.#init() }
    this.#sendAtMs = nowMs
  }

  /** What the timer wants sent. 'failed': nobody answers. */
  due(nowMs: number): HandshakeStep | 'failed' | undefined {
    if (this.#step === undefined || nowMs < this.#sendAtMs) return undefined
    if (this.#attempts > MAX_ATTEMPTS) return 'failed'
    this.#sendAtMs = nowMs + Math.min(MAX_TIMEOUT_MS, FIRST_TIMEOUT_MS * 2 ** this.#attempts)
    this.#attempts++
    return this.#step
  }

  /** An INIT came. @returns the INIT ACK to answer with (RFC 9260 sections 5.1, 5.2.1 and 5.2.2) */
  received(peer: SctpInit): SctpInit {
    const last = this.#answered
    const isRepeated = last?.peer.initiateTag === peer.initiateTag && last.peer.initialTsn === peer.initialTsn
    const answered = last !== undefined && isRepeated ? last : this.#newAnswer(peer)
    this.#answered = answered
    return {
      ...this.#own,
      initiateTag: answered.localTag,
      initialTsn: answered.localTsn,
      cookie: answered.cookie,
      unrecognized: peer.unrecognized,
    }
  }

  /** An INIT ACK came; what it starts is sent by `due()`. */
  acknowledged(peer: SctpInit, nowMs: number): void {
    if (this.#step?.type !== 'init' || peer.cookie === undefined) return
    this.#peer = peer
    this.#step = { type: 'cookieEcho', cookie: peer.cookie, peerTag: peer.initiateTag }
    this.#attempts = 0
    this.#sendAtMs = nowMs
  }

  /** A COOKIE ECHO came, under this verification tag. @returns what was agreed on; undefined if the cookie is not ours */
  echoed(cookie: Uint8Array, verificationTag: number): SctpAgreement | undefined {
    const answered = this.#answered
    if (answered === undefined || verificationTag !== answered.localTag) return undefined
    if (cookie.length !== COOKIE_BYTES || !cookie.every((byte, i) => byte === answered.cookie[i]))
      return undefined
    return this.#establish(answered)
  }

  /** A COOKIE ACK came. @returns what was agreed on; undefined if nobody asked */
  cookieAcknowledged(): SctpAgreement | undefined {
    if (this.#step?.type !== 'cookieEcho' || this.#peer === undefined) return undefined
    return this.#establish({ localTag: this.#localTag, localTsn: this.#localTsn, peer: this.#peer })
  }

  /** The peer does not know our cookie any longer (RFC 9260 section 5.2.6): starts again. */
  cookieIsStale(nowMs: number): void {
    if (this.#step?.type === 'cookieEcho') this.start(nowMs)
  }

  stop(): void {
    this.#step = undefined
    this.#sendAtMs = Number.POSITIVE_INFINITY
  }

  /** The same agreement again, as the same object, if it is the one that stands. */
  #establish({ localTag, localTsn, peer }: SctpAgreement): SctpAgreement {
    this.stop()
    const before = this.#established
    if (before?.localTag === localTag && before.peer.initiateTag === peer.initiateTag) return before
    this.#localTag = localTag
    this.#localTsn = localTsn
    this.#established = { localTag, localTsn, peer }
    return this.#established
  }

  /** An established peer that starts again gets tags of its own; the old ones stay until it proves itself. */
  #newAnswer(peer: SctpInit): Answer {
    const restarts = this.#established !== undefined
    return {
      localTag: restarts ? this.#newTag() : this.#localTag,
      localTsn: restarts ? this.#random(MAX_32) : this.#localTsn,
      peer,
      cookie: Uint8Array.from({ length: COOKIE_BYTES }, () => this.#random(256)),
    }
  }

  #init(): SctpInit {
    return { ...this.#own, initiateTag: this.#localTag, initialTsn: this.#localTsn, unrecognized: [] }
  }

  #newTag(): number {
    return 1 + this.#random(MAX_32 - 1)
  }
}
