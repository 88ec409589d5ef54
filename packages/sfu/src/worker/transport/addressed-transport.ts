import { isIPv4 } from 'node:net'
import type {
  AddressedTransportState,
  PlainTuple,
  Requests,
  SctpSettings,
  SrtpParameters,
  SrtpSuite,
} from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { ChannelInvalidStateError, ChannelTypeError } from '../errors.ts'
import { readPacketAddress, writePacketAddress } from '../packet-port/address.ts'
import type { SessionEvent } from '../packet-port/packet-port.ts'
import type { Listener } from './listening.ts'
import { newSrtpKey, srtpKeyOf } from './srtp-key.ts'
import { Transport } from './transport.ts'
import { type PublicTuple, publicTuple } from './transport-report.ts'

/** What the transport has for itself: its sockets, and how it treats its peer. */
export interface AddressedTransportOptions {
  readonly listener: Listener
  /** RTCP's own socket, where it does not share RTP's. */
  readonly rtcpListener: Listener | undefined
  /** Whether the peer's address is that of its first packet (connection-oriented media as in RFC 4145, over UDP). */
  readonly comedia: boolean
  /** Undefined: RTP passes in the clear. */
  readonly srtpSuite: SrtpSuite | undefined
  readonly sctp: SctpSettings | undefined
}

type ConnectRequest = Omit<Requests['transport.connectAddressed']['request'], 'transportId'>

/**
 * A transport between two addresses, without ICE and DTLS: sockets of its own, a peer whose address is told or learnt, and
 * SRTP with keys that signalling carries, or none.
 */
export abstract class AddressedTransport extends Transport {
  readonly listener: Listener
  readonly rtcpListener: Listener | undefined
  readonly comedia: boolean
  #srtp: SrtpParameters | undefined
  #connectCalled = false
  #hasKeys: boolean
  #remote: Uint8Array | undefined
  #rtcpRemote: Uint8Array | undefined

  constructor(context: WorkerContext, id: string, index: number, options: AddressedTransportOptions) {
    super(context, id, index, context.port.createSession())
    this.listener = options.listener
    this.rtcpListener = options.rtcpListener
    this.comedia = options.comedia
    this.#hasKeys = options.srtpSuite === undefined
    if (options.srtpSuite === undefined) context.port.setPlain(this.session)
    else this.#srtp = this.#newSrtpParameters(options.srtpSuite)
    if (this.rtcpListener !== undefined) context.port.setRtcpDestination(this.session, undefined)
    if (options.sctp !== undefined) {
      context.port.carrySctp(this.session)
      this.openSctp(options.sctp, false)
    }
    // With SRTP the sockets stay deaf until there are keys: nothing could be told apart from noise.
    if (this.comedia && this.#hasKeys) this.#learnAddresses()
  }

  override get isConnected(): boolean {
    return this.#hasKeys && this.#remote !== undefined
  }

  get state(): AddressedTransportState {
    const { rtcpListener } = this
    return {
      tuple: tupleOf(this.listener, this.#remote),
      ...(rtcpListener === undefined ? {} : { rtcpTuple: tupleOf(rtcpListener, this.#rtcpRemote) }),
      ...(this.#srtp === undefined ? {} : { srtpParameters: this.#srtp }),
    }
  }

  /** The same as statistics and dumps show it. */
  protected get publicState(): { readonly tuple: PublicTuple; readonly rtcpTuple?: PublicTuple } {
    const { tuple, rtcpTuple, ...rest } = this.state
    return {
      ...rest,
      tuple: publicTuple(tuple),
      ...(rtcpTuple === undefined ? {} : { rtcpTuple: publicTuple(rtcpTuple) }),
    }
  }

  /**
   * Takes the peer's address, unless its first packet gives it, and its SRTP key, where SRTP is on.
   * @throws ChannelInvalidStateError when called twice
   * @throws ChannelTypeError when something is missing, or given where it has no place
   */
  connect(request: ConnectRequest): AddressedTransportState {
    if (this.#connectCalled) throw new ChannelInvalidStateError('connect() was called already')
    const addresses = this.#addressesOf(request)
    const srtp = this.#srtpOf(request)
    if (srtp !== undefined) this.#installKeys(srtp)
    if (addresses.rtp !== undefined) this.#setRemote(addresses.rtp)
    if (addresses.rtcp !== undefined) this.#setRtcpRemote(addresses.rtcp)
    if (srtp !== undefined && this.comedia) this.#learnAddresses()
    this.#connectCalled = true
    this.connectionChanged()
    return this.state
  }

  /** The port learnt where the peer is. */
  handleSessionEvent(event: SessionEvent): void {
    if (event.type !== 'address') return
    const { socket } = readPacketAddress(event.address)
    if (socket === this.rtcpListener?.socket) {
      this.#rtcpRemote = event.address
      this.context.port.setRtcpDestination(this.session, event.address)
      this.context.emit('transport.rtcpTuple', this.id, { tuple: tupleOf(this.rtcpListener, event.address) })
      return
    }
    this.#remote = event.address
    this.context.port.setDestination(this.session, event.address)
    this.context.emit('transport.tuple', this.id, { tuple: tupleOf(this.listener, event.address) })
    this.connectionChanged()
  }

  override connectionChanged(): void {
    super.connectionChanged()
    if (this.isConnected) this.sctp?.connect()
  }

  override sendRtcp(maxBytes: number, write: (bytes: Uint8Array, offset: number) => number): void {
    if (this.rtcpListener !== undefined && this.#rtcpRemote === undefined) return
    const { plan } = this.context
    const offset = plan.controlSpace(maxBytes)
    const length = write(plan.controlBytes, offset)
    if (length > 0) plan.commitRtcp(this.session, length)
  }

  close(): void {
    const { port } = this.context
    this.closeSctp()
    port.closeSession(this.session)
    port.closeSocket(this.listener.socket)
    if (this.rtcpListener !== undefined) port.closeSocket(this.rtcpListener.socket)
  }

  #addressesOf({ ip, port, rtcpPort }: ConnectRequest): {
    rtp: Uint8Array | undefined
    rtcp: Uint8Array | undefined
  } {
    if (this.comedia) {
      const given = ip ?? port ?? rtcpPort
      if (given !== undefined)
        throw new ChannelTypeError(
          'with comedia the first packet gives the address: leave out ip, port and rtcpPort',
        )
      if (this.#srtp === undefined)
        throw new ChannelTypeError('with comedia and without SRTP there is nothing to connect with')
      return { rtp: undefined, rtcp: undefined }
    }
    if (ip === undefined || port === undefined) throw new ChannelTypeError('ip and port are missing')
    const { rtcpListener } = this
    if (rtcpListener === undefined && rtcpPort !== undefined)
      throw new ChannelTypeError('rtcpPort: RTCP shares the port of RTP here (rtcpMux)')
    if (rtcpListener !== undefined && rtcpPort === undefined)
      throw new ChannelTypeError('rtcpPort is missing')
    return {
      rtp: addressOf(this.listener, ip, port),
      rtcp:
        rtcpListener === undefined || rtcpPort === undefined
          ? undefined
          : addressOf(rtcpListener, ip, rtcpPort),
    }
  }

  #srtpOf({ srtpParameters }: ConnectRequest): { remote: SrtpParameters; key: Uint8Array } | undefined {
    if (this.#srtp === undefined) {
      if (srtpParameters === undefined) return undefined
      throw new ChannelTypeError('srtpParameters: this transport was made without enableSrtp')
    }
    if (srtpParameters === undefined)
      throw new ChannelTypeError('srtpParameters are missing: enableSrtp is on')
    return { remote: srtpParameters, key: srtpKeyOf(srtpParameters) }
  }

  /** One suite serves both directions: the peer's, if it differs from the one that was offered. */
  #installKeys({ remote, key }: { remote: SrtpParameters; key: Uint8Array }): void {
    if (this.#srtp?.cryptoSuite !== remote.cryptoSuite)
      this.#srtp = this.#newSrtpParameters(remote.cryptoSuite)
    this.context.port.setSrtpKeys(this.session, remote.cryptoSuite, srtpKeyOf(this.#srtp), key)
    this.#hasKeys = true
  }

  #newSrtpParameters(cryptoSuite: SrtpSuite): SrtpParameters {
    const key = newSrtpKey(cryptoSuite, this.context.random)
    return { cryptoSuite, keyBase64: Buffer.from(key).toString('base64') }
  }

  #learnAddresses(): void {
    const { port } = this.context
    port.learnAddress(this.session, this.listener.socket)
    if (this.rtcpListener !== undefined) port.learnAddress(this.session, this.rtcpListener.socket)
  }

  #setRemote(address: Uint8Array): void {
    this.context.port.setDestination(this.session, address)
    this.context.port.addAddress(this.session, address)
    this.#remote = address
  }

  #setRtcpRemote(address: Uint8Array): void {
    this.context.port.setRtcpDestination(this.session, address)
    this.context.port.addAddress(this.session, address)
    this.#rtcpRemote = address
  }
}

function addressOf(listener: Listener, ip: string, port: number): Uint8Array {
  const address = numericAddress(listener.socket, ip, port)
  if (isIPv4(listener.ip) && address[0] !== 4)
    throw new ChannelTypeError(`ip: ${ip} can't be reached from ${listener.ip}, which is IPv4`)
  return address
}

function numericAddress(socket: number, ip: string, port: number): Uint8Array {
  try {
    return writePacketAddress({ socket, ip, port })
  } catch (error) {
    throw new ChannelTypeError(`ip: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function tupleOf(listener: Listener, remote: Uint8Array | undefined): PlainTuple {
  const own = {
    localAddress: listener.announced[0] ?? listener.ip,
    localPort: listener.port,
    protocol: 'udp' as const,
  }
  if (remote === undefined) return own
  const { ip, port } = readPacketAddress(remote)
  return { ...own, remoteIp: ip, remotePort: port }
}
