import {
  ADDRESS_BYTES,
  BATCH_CAPACITY,
  CONTROL_BYTES,
  CONTROL_CAPACITY,
  CONTROL_WORDS,
  COUNTERS,
  ControlKind,
  ControlWord,
  PacketKind,
  type PacketPort,
  PLAN_CAPACITY,
  PLAN_WORDS,
  PlanWord,
  RECORD_WORDS,
  RING_SLOTS,
  type SinkOptions,
  SLOT_BYTES,
  type SrtpSuite,
} from '../../src/worker/packet-port/packet-port.ts'

/** One executed send-plan entry. */
export interface SentPacket {
  readonly sink: SinkOptions
  readonly packetId: number
  readonly sequenceNumber: number
  readonly timestamp: number
  readonly flags: number
  readonly extra: number
  readonly vp8Patch: number
}

/** What the port was told of a session. */
export interface FakeSession {
  closed: boolean
  addresses: string[]
  destination: string
  /** Undefined: RTCP shares RTP's way; empty: it waits for an address. */
  rtcpDestination: string | undefined
  /** Sockets on which it waits for an address. */
  learning: number[]
  plain: boolean
  carriesSctp: boolean
  keys: { suite: SrtpSuite; sendKey: Uint8Array; receiveKey: Uint8Array } | undefined
  dtls: string
}

/** A packet port without a network: tests put batches in and see what was sent. */
export class FakePacketPort implements PacketPort {
  readonly memory = new Uint8Array(RING_SLOTS * SLOT_BYTES + 65536)
  readonly batch = {
    kind: new Uint8Array(BATCH_CAPACITY),
    session: new Int32Array(BATCH_CAPACITY),
    offset: new Uint32Array(BATCH_CAPACITY),
    length: new Uint16Array(BATCH_CAPACITY),
    packetId: new Uint32Array(BATCH_CAPACITY),
    arrivalUs: new Float64Array(BATCH_CAPACITY),
    address: new Uint8Array(BATCH_CAPACITY * ADDRESS_BYTES),
  }
  readonly records = new Uint16Array(RING_SLOTS * RECORD_WORDS)
  readonly plan = new Uint32Array(PLAN_CAPACITY * PLAN_WORDS)
  readonly control = new Uint32Array(CONTROL_CAPACITY * CONTROL_WORDS)
  readonly controlBytes = new Uint8Array(CONTROL_BYTES)
  readonly counters = new Float64Array(COUNTERS)
  readonly certificate = ''
  timeUs = 1_000_000
  readonly sent: SentPacket[] = []
  readonly rtcp: { readonly session: number; readonly bytes: Uint8Array }[] = []
  readonly applicationData: { readonly session: number; readonly bytes: Uint8Array }[] = []
  readonly raw: { readonly address: Uint8Array; readonly bytes: Uint8Array }[] = []
  readonly sinks: (SinkOptions | undefined)[] = []
  readonly sessions: FakeSession[] = []
  readonly openSockets = new Set<number>()
  readonly #listeners = new Map<number, number>()
  #packetId = 0
  #sockets = 0
  #rows = 0

  nowUs(): number {
    return this.timeUs
  }

  startClock(): void {}

  openUdp(options: { port: number }): { socket: number; port: number } {
    const socket = this.#sockets++
    this.openSockets.add(socket)
    return { socket, port: options.port === 0 ? 50000 + socket : options.port }
  }

  openTcp(options: { port: number }): { socket: number; port: number } {
    return this.openUdp(options)
  }

  /** A connection that a listener accepts. @returns its socket */
  acceptTcp(listener: number): number {
    const { socket } = this.openUdp({ port: 0 })
    this.#listeners.set(socket, listener)
    return socket
  }

  listenerOf(socket: number): number {
    return this.openSockets.has(socket) ? (this.#listeners.get(socket) ?? socket) : -1
  }

  closeSocket(socket: number): void {
    this.openSockets.delete(socket)
  }

  createSession(): number {
    const fresh = { closed: false, addresses: [], destination: '', rtcpDestination: undefined }
    return (
      this.sessions.push({
        ...fresh,
        learning: [],
        plain: false,
        carriesSctp: false,
        keys: undefined,
        dtls: '',
      }) - 1
    )
  }

  closeSession(session: number): void {
    this.#session(session).closed = true
  }

  addAddress(session: number, address: Uint8Array): void {
    this.#session(session).addresses.push(address.join())
  }

  removeAddress(address: Uint8Array): void {
    for (const session of this.sessions)
      session.addresses = session.addresses.filter((a) => a !== address.join())
  }

  setDestination(session: number, address: Uint8Array): void {
    this.#session(session).destination = address.join()
  }

  startDtls(session: number, role: 'client' | 'server'): void {
    this.#session(session).dtls = role
  }

  setRtcpDestination(session: number, address: Uint8Array | undefined): void {
    this.#session(session).rtcpDestination = address?.join() ?? ''
  }

  learnAddress(session: number, socket: number): void {
    this.#session(session).learning.push(socket)
  }

  setPlain(session: number): void {
    this.#session(session).plain = true
  }

  carrySctp(session: number): void {
    this.#session(session).carriesSctp = true
  }

  setSrtpKeys(session: number, suite: SrtpSuite, sendKey: Uint8Array, receiveKey: Uint8Array): void {
    this.#session(session).keys = { suite, sendKey, receiveKey }
  }

  tableSizes() {
    return {
      sessions: this.sessions.filter(({ closed }) => !closed).length,
      sinks: this.sinks.filter((sink) => sink !== undefined).length,
      addresses: this.sessions.reduce((sum, { addresses }) => sum + addresses.length, 0),
    }
  }

  sessionStats() {
    return { receivedPackets: 0, receivedBytes: 0, sentPackets: 0, sentBytes: 0 }
  }

  createSink(options: SinkOptions): number {
    return this.sinks.push(options) - 1
  }

  closeSink(sink: number): void {
    this.sinks[sink] = undefined
  }

  injectPacket(bytes: Uint8Array): number {
    const id = this.#packetId++
    this.memory.set(bytes, (id & (RING_SLOTS - 1)) * SLOT_BYTES)
    return id
  }

  execute(planEntries: number, controlMessages: number): void {
    for (let i = 0; i < controlMessages; i++) this.#control(i * CONTROL_WORDS)
    for (let i = 0; i < planEntries; i++) {
      const word = (index: number): number => this.plan[i * PLAN_WORDS + index] ?? 0
      const sink = this.sinks[word(PlanWord.sink)]
      if (sink === undefined) continue
      this.sent.push({
        sink,
        packetId: word(PlanWord.packetId),
        sequenceNumber: word(PlanWord.sequenceNumber),
        timestamp: word(PlanWord.timestamp),
        flags: word(PlanWord.flags),
        extra: word(PlanWord.extra),
        vp8Patch: word(PlanWord.vp8Patch),
      })
    }
  }

  close(): void {}

  /** Puts an RTP packet into the next batch. */
  addRtp(session: number, bytes: Uint8Array): void {
    const packetId = this.injectPacket(bytes)
    this.#row(PacketKind.rtp, session, (packetId & (RING_SLOTS - 1)) * SLOT_BYTES, bytes.length, packetId)
  }

  /** Puts a compound RTCP packet into the next batch. */
  addRtcp(session: number, bytes: Uint8Array): void {
    this.#row(PacketKind.rtcp, session, this.#scratch(bytes), bytes.length, 0)
  }

  /** Puts an SCTP packet into the next batch. */
  addApplicationData(session: number, bytes: Uint8Array): void {
    this.#row(PacketKind.applicationData, session, this.#scratch(bytes), bytes.length, 0)
  }

  /** Puts a STUN message from `address` into the next batch. */
  addStun(address: Uint8Array, bytes: Uint8Array): void {
    this.batch.address.set(address, this.#rows * ADDRESS_BYTES)
    this.#row(PacketKind.stun, -1, this.#scratch(bytes), bytes.length, 0)
  }

  /** Ends the batch. @returns its packets, for `onBatch` */
  takeBatch(): number {
    const count = this.#rows
    this.#rows = 0
    return count
  }

  #scratch(bytes: Uint8Array): number {
    const offset = RING_SLOTS * SLOT_BYTES + this.#rows * 256
    this.memory.set(bytes, offset)
    return offset
  }

  #row(kind: number, session: number, offset: number, length: number, packetId: number): void {
    const row = this.#rows++
    this.batch.kind[row] = kind
    this.batch.session[row] = session
    this.batch.offset[row] = offset
    this.batch.length[row] = length
    this.batch.packetId[row] = packetId
    this.batch.arrivalUs[row] = this.timeUs
  }

  #control(at: number): void {
    const offset = this.control[at + ControlWord.offset] ?? 0
    const bytes = this.controlBytes.slice(offset, offset + (this.control[at + ControlWord.length] ?? 0))
    const session = this.control[at + ControlWord.session] ?? 0
    const kind = this.control[at + ControlWord.kind]
    if (kind === ControlKind.rtcp) this.rtcp.push({ session, bytes })
    else if (kind === ControlKind.applicationData) this.applicationData.push({ session, bytes })
    else this.raw.push({ address: bytes.slice(0, ADDRESS_BYTES), bytes: bytes.slice(ADDRESS_BYTES) })
  }

  #session(session: number): FakeSession {
    const found = this.sessions[session]
    if (found === undefined) throw new Error(`no session ${session}`)
    return found
  }
}
