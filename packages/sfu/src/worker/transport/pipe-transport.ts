import type { Stat } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { AddressedTransport, type AddressedTransportOptions } from './addressed-transport.ts'
import { baseDump, baseStats } from './transport-report.ts'

/** The way between two routers, of one worker or of two hosts: every stream of a producer passes, as it is. */
export class PipeTransport extends AddressedTransport {
  readonly rtx: boolean

  constructor(
    context: WorkerContext,
    id: string,
    index: number,
    options: AddressedTransportOptions & { readonly rtx: boolean },
  ) {
    super(context, id, index, options)
    this.rtx = options.rtx
  }

  override stats(nowMs: number): Stat[] {
    return [
      {
        type: 'pipe-transport',
        ...baseStats(this, nowMs),
        tuple: this.publicState.tuple,
      },
    ]
  }

  override dump(): Readonly<Record<string, unknown>> {
    return {
      type: 'pipe',
      ...baseDump(this),
      rtx: this.rtx,
      ...this.publicState,
    }
  }
}
