import type { SctpSettings } from '../channel/messages.ts'
import type { ParentChannel, WorkerEvent } from '../channel/parent-channel.ts'
import { bufferOf } from './buffers.ts'
import { messageSizesOf } from './data-options.ts'
import type {
  DirectTransport,
  DirectTransportDump,
  DirectTransportEvents,
  DirectTransportObserverEvents,
  DirectTransportOptions,
  DirectTransportStat,
} from './direct-transport-types.ts'
import { errors } from './errors.ts'
import { type AppData, bytesOf, checkObject } from './option-checks.ts'
import { TransportImpl, type TransportSetup } from './transport.ts'

export class DirectTransportImpl<Data extends AppData = AppData>
  extends TransportImpl<Data, DirectTransportEvents, DirectTransportObserverEvents>
  implements DirectTransport<Data>
{
  readonly #channel: ParentChannel

  constructor(setup: TransportSetup<Data>) {
    super(setup)
    this.#channel = setup.channel
  }

  override get type(): 'direct' {
    return 'direct'
  }

  override async dump(): Promise<DirectTransportDump> {
    const dump = await this.scope.request('transport.dump', { transportId: this.id })
    return dump as unknown as DirectTransportDump
  }

  override async getStats(): Promise<DirectTransportStat[]> {
    const stats = await this.scope.request('transport.getStats', { transportId: this.id })
    return stats as unknown as DirectTransportStat[]
  }

  override async connect(): Promise<void> {
    this.scope.assertOpen()
  }

  override async setMaxIncomingBitrate(): Promise<void> {
    throw errors.unsupported('a DirectTransport has no network whose bitrate could be limited')
  }

  override async setMaxOutgoingBitrate(): Promise<void> {
    throw errors.unsupported('a DirectTransport has no network whose bitrate could be limited')
  }

  override async setMinOutgoingBitrate(): Promise<void> {
    throw errors.unsupported('a DirectTransport has no network whose bitrate could be limited')
  }

  sendRtcp(rtcpPacket: Buffer): void {
    const packet = bytesOf('rtcpPacket', rtcpPacket)
    this.scope.assertOpen()
    this.#channel.notify('transport.sendRtcp', this.id, { packet })
  }

  protected override handleEvent(workerEvent: WorkerEvent): void {
    if (workerEvent.event !== 'transport.rtcp') {
      super.handleEvent(workerEvent)
      return
    }
    const packet = bufferOf(workerEvent.data.packet)
    this.safeEmit('rtcp', packet)
    this.observer.safeEmit('rtcp', packet)
  }
}

/** Checks the options and fills in what is left out. @throws TypeError that names the option */
export function directMessageSizesOf(
  options: DirectTransportOptions,
): Pick<SctpSettings, 'maxSendMessageSize' | 'maxReceiveMessageSize'> {
  checkObject('options', options)
  return messageSizesOf(options)
}
