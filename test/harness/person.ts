import type { ReceiveWishes, Room, Session } from '@sangam/client'
import type { Page } from 'playwright-core'
import type { TestBrowser, WindowOptions } from './chromium.ts'
import type { ServerProcess } from './server-process.ts'

/** What a browser itself says of one received or sent stream, summed over its peer connections (W3C webrtc-stats). */
export interface RtpStreamStats {
  readonly kind: string
  readonly ssrc: number
  readonly framesDecoded: number
  readonly totalAudioEnergy: number
  readonly bytes: number
}

/** One end of the pair that media flows over. */
export interface SelectedPair {
  readonly localPort: number
  readonly remotePort: number
  readonly localType: string
  readonly remoteType: string
}

declare global {
  interface Window {
    /** Every RTCPeerConnection that the page made, recorded by the test. */
    __connections?: RTCPeerConnection[]
    /** The app's debugging aid. */
    __sangam?: { readonly session: Session }
    /** The room that the page shows. */
    __room?: () => Promise<Room | undefined>
    /** States of the room. */
    __states?: string[]
    /** Messages that arrived over a data channel. */
    __data?: unknown[]
  }
}

/**
 * Somebody with the app open in a window of their own. Steps go through the app's controls; findings come from the
 * browser's own WebRTC statistics, not from the app.
 */
export class Person {
  readonly name: string
  readonly page: Page

  private constructor(name: string, page: Page) {
    this.name = name
    this.page = page
  }

  /** Opens the app and enters as a guest. */
  static async enter(
    browser: TestBrowser,
    server: Pick<ServerProcess, 'url'>,
    name: string,
    options: WindowOptions & {
      /** As in a network that lets no UDP through. */ readonly blocksUdp?: boolean
      /** Reaches the server at another address than its own. */ readonly url?: string
      /** Sends media over UDP alone, to this port in place of the server's. */ readonly mediaPort?: number
    } = {},
  ): Promise<Person> {
    const { blocksUdp = false, mediaPort, url = server.url, ...windowOptions } = options
    const page = await browser.openWindow({ name, ...windowOptions })
    await page.addInitScript(
      ([withoutUdp, relayPort]) => {
        const connections: RTCPeerConnection[] = []
        window.__connections = connections
        window.__room = async () =>
          window.__sangam?.session.join(location.pathname.slice(location.pathname.lastIndexOf('/') + 1))
        window.RTCPeerConnection = class extends RTCPeerConnection {
          constructor(configuration?: RTCConfiguration) {
            super(configuration)
            connections.push(this)
          }

          override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
            if (description.sdp === undefined) return super.setRemoteDescription(description)
            const refused = withoutUdp ? 'udp' : relayPort === 0 ? undefined : 'tcp'
            const lines = description.sdp.split('\r\n').flatMap((line) => {
              const candidate = /^(a=candidate:\S+ \d+ (udp|tcp) \d+ \S+) \d+( .*)$/i.exec(line)
              if (candidate === null) return [line]
              const [, before, protocol = '', after] = candidate
              if (protocol.toLowerCase() === refused) return []
              return [relayPort === 0 ? line : `${before} ${relayPort}${after}`]
            })
            return super.setRemoteDescription({ type: description.type, sdp: lines.join('\r\n') })
          }
        }
      },
      [blocksUdp, mediaPort ?? 0] as const,
    )
    await page.goto(url)
    // Typed: what is filled in at once raises no event in a stock Firefox.
    await page.getByTestId('name-input').pressSequentially(name)
    await page.getByTestId('continue').click()
    await page.getByTestId('me-menu').waitFor()
    return new Person(name, page)
  }

  /** Goes through the lobby into a room, with microphone and camera as the lobby has them: on. */
  async joinRoom(roomId: string): Promise<void> {
    await this.page.goto(`${new URL(this.page.url()).origin}/rooms/${roomId}`)
    await this.page.getByTestId('room-join').click()
    await this.page.locator('[data-testid=room][data-state=joined]').waitFor()
  }

  async leaveRoom(): Promise<void> {
    await this.page.getByTestId('leave').click()
    await this.page.getByTestId('room').waitFor({ state: 'detached' })
  }

  /** Received streams of all open connections. */
  received(): Promise<RtpStreamStats[]> {
    return this.page.evaluate(async () => {
      const streams: RtpStreamStats[] = []
      for (const connection of window.__connections ?? []) {
        if (connection.connectionState === 'closed') continue
        for (const row of (await connection.getStats()).values()) {
          if (row.type !== 'inbound-rtp') continue
          streams.push({
            kind: row.kind,
            ssrc: row.ssrc,
            framesDecoded: row.framesDecoded ?? 0,
            totalAudioEnergy: row.totalAudioEnergy ?? 0,
            bytes: row.bytesReceived,
          })
        }
      }
      return streams
    })
  }

  /** How many tracks this person uploads, over all open connections; the layers of one picture count once. */
  uploads(): Promise<number> {
    return this.page.evaluate(async () => {
      let tracks = 0
      for (const connection of window.__connections ?? []) {
        if (connection.connectionState === 'closed') continue
        const mids = new Set<string>()
        for (const row of (await connection.getStats()).values()) {
          if (row.type === 'outbound-rtp') mids.add(row.mid)
        }
        tracks += mids.size
      }
      return tracks
    })
  }

  /** The simulcast streams of the camera that are encoded now, by rid, the smallest first. */
  activeLayers(): Promise<readonly string[]> {
    return this.page.evaluate(async () => {
      const rids = new Set<string>()
      for (const connection of window.__connections ?? []) {
        if (connection.connectionState === 'closed') continue
        for (const sender of connection.getSenders()) {
          if (sender.track?.kind !== 'video') continue
          for (const { rid, active } of sender.getParameters().encodings) {
            if (active === true && rid !== undefined) rids.add(rid)
          }
        }
      }
      return ['l', 'm', 'h'].filter((rid) => rids.has(rid))
    })
  }

  /** Goes to another page of the app without loading it anew. */
  async goTo(path: string): Promise<void> {
    await this.page.evaluate((to) => history.pushState({}, '', to), path)
  }

  /** Says what this person wants to receive in the room they are in. */
  async setReceiving(wishes: ReceiveWishes): Promise<void> {
    await this.page.evaluate(async (wanted) => (await window.__room?.())?.setReceiving(wanted), wishes)
  }

  /** Who this person is in the room. */
  participantId(): Promise<string | undefined> {
    return this.page.evaluate(async () => (await window.__room?.())?.participantId)
  }

  /** Sends a message that may get lost. */
  async sendLossy(topic: string, payload: string): Promise<void> {
    await this.page.evaluate(async ([name, value]) => (await window.__room?.())?.sendLossy(name, value), [
      topic,
      payload,
    ] as const)
  }

  /** Keeps what arrives of such messages from now on. */
  async collectData(): Promise<void> {
    await this.page.evaluate(async () => {
      const collected: unknown[] = []
      window.__data = collected
      const room = await window.__room?.()
      room?.on('data', (message) => collected.push(message))
    })
  }

  /** What was kept. */
  collectedData(): Promise<readonly unknown[]> {
    return this.page.evaluate(() => window.__data ?? [])
  }

  /** Why the first remote track of a source is forwarded, or not. */
  deliveryOf(source: string): Promise<string | undefined> {
    return this.page.evaluate(async (wanted) => {
      const room = await window.__room?.()
      const tracks = room?.participants.get().flatMap((participant) => participant.tracks) ?? []
      return tracks.find((track) => !track.local && track.source === wanted)?.state.get().delivery?.reason
    }, source)
  }

  /** Keeps the states that the room comes to from now on. */
  async collectStates(): Promise<void> {
    await this.page.evaluate(async () => {
      const states: string[] = []
      window.__states = states
      const room = await window.__room?.()
      room?.on('stateChanged', (state) => states.push(state))
    })
  }

  /** What was kept of them. */
  collectedStates(): Promise<readonly string[]> {
    return this.page.evaluate(() => window.__states ?? [])
  }

  /** Ids of everybody whose tile is shown. */
  participants(): Promise<readonly (string | null)[]> {
    return this.page
      .getByTestId('room-tile')
      .evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute('data-participant')).sort())
  }

  /** Connections that the page ever made. */
  connectionsMade(): Promise<number> {
    return this.page.evaluate(() => window.__connections?.length ?? 0)
  }

  /** Connections that are not closed. */
  openConnections(): Promise<number> {
    return this.page.evaluate(
      () =>
        (window.__connections ?? []).filter((connection) => connection.connectionState !== 'closed').length,
    )
  }

  /** The protocols of the selected pairs of all open connections, each once. */
  selectedProtocols(): Promise<string[]> {
    return this.page.evaluate(async () => {
      const protocols = new Set<string>()
      for (const connection of window.__connections ?? []) {
        if (connection.connectionState === 'closed') continue
        const rows = await connection.getStats()
        for (const transport of rows.values()) {
          if (transport.type !== 'transport' || transport.selectedCandidatePairId === undefined) continue
          protocols.add(rows.get(rows.get(transport.selectedCandidatePairId).localCandidateId).protocol)
        }
      }
      return [...protocols]
    })
  }

  /** The selected candidate pair of the one open connection. */
  selectedPair(): Promise<SelectedPair | undefined> {
    return this.page.evaluate(async () => {
      const connection = (window.__connections ?? []).find((c) => c.connectionState === 'connected')
      if (connection === undefined) return undefined
      const rows = await connection.getStats()
      for (const transport of rows.values()) {
        if (transport.type !== 'transport' || transport.selectedCandidatePairId === undefined) continue
        const pair = rows.get(transport.selectedCandidatePairId)
        const local = rows.get(pair.localCandidateId)
        const remote = rows.get(pair.remoteCandidateId)
        return {
          localPort: local.port,
          remotePort: remote.port,
          localType: local.candidateType,
          remoteType: remote.candidateType,
        }
      }
      return undefined
    })
  }

  /**
   * Waits until `count` videos are decoded at `minimumFps` at least, measured over two seconds by the browser's own clock,
   * and as many voices are heard.
   * @returns the decoded frames per second of each video
   */
  async seesAndHears(count: number, minimumFps: number): Promise<readonly number[]> {
    const deadline = Date.now() + 30_000
    let last: readonly number[] = []
    while (Date.now() < deadline) {
      const before = await this.received()
      const startMs = Date.now()
      await this.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2000)))
      const after = await this.received()
      const seconds = (Date.now() - startMs) / 1000
      last = after
        .filter(({ kind }) => kind === 'video')
        .map(({ ssrc, framesDecoded }) => {
          const earlier = before.find((stream) => stream.ssrc === ssrc)?.framesDecoded ?? framesDecoded
          return (framesDecoded - earlier) / seconds
        })
      const seen = last.filter((fps) => fps >= minimumFps).length
      const heard = after.filter(
        ({ kind, totalAudioEnergy }) => kind === 'audio' && totalAudioEnergy > 0,
      ).length
      if (seen === count && heard === count) return last
    }
    throw new Error(
      `${this.name} sees ${JSON.stringify(last)} frames per second; ${JSON.stringify(await this.received())}`,
    )
  }
}
