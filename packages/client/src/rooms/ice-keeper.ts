/** An interruption shorter than this usually heals by itself. */
const RESTART_DELAY_MS = 3_000
/** Pause between two restarts. */
const RESTART_INTERVAL_MS = 6_000
/** Restarts in a row without a connection before the transport is given up. */
const MAX_RESTARTS = 4

/** What a keeper does with its connection. */
export interface IceKeeperActions {
  /** Asks the server for new ICE credentials and applies them. */
  restart(): Promise<void>
  /** The connection can't be had back. */
  lost(): void
  /** Media began or ceased to flow. */
  changed(connected: boolean): void
}

/** Watches one connection's state and restarts its ICE (RFC 8445 section 2.4) when media stops flowing. */
export class IceKeeper {
  readonly #actions: IceKeeperActions
  #timer: ReturnType<typeof setTimeout> | undefined
  #restarts = 0
  #closed = false

  constructor(actions: IceKeeperActions) {
    this.#actions = actions
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** The connection's state changed. */
  handleState(state: RTCPeerConnectionState): void {
    if (this.#closed) return
    if (state === 'connected') {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#restarts = 0
      this.#actions.changed(true)
    } else if (state === 'disconnected' || state === 'failed') {
      this.#actions.changed(false)
      this.#schedule(state === 'failed' && this.#restarts === 0 ? 0 : RESTART_DELAY_MS)
    }
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined && delayMs > 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#restart(), delayMs)
  }

  async #restart(): Promise<void> {
    if (this.#restarts >= MAX_RESTARTS) {
      this.#actions.lost()
      return
    }
    this.#restarts += 1
    try {
      await this.#actions.restart()
    } catch {
      // The server no longer has the transport (or would not): only another one helps.
      if (!this.#closed) this.#actions.lost()
      return
    }
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#restart(), RESTART_INTERVAL_MS)
  }
}
