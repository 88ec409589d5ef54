import type { CareSettings } from '@sangam/protocol'
import type { ErasedPeople } from '../access/erased-people.ts'
import type { Logger } from '../observability/log.ts'
import { type CareOptions, CareService, type Report } from './care-service.ts'
import { Erasure, type ErasureOptions, type PersonExport } from './erasure.ts'
import type { OwnData } from './own-data-routes.ts'

/** What an application may ask for the care of its people. */
export type CareApi = {
  /** Reports of people and of messages, the oldest first. */
  readonly reports: () => Promise<readonly Report[]>
  /** Removes a report that was dealt with. @returns whether there was one */
  readonly dismissReport: (reportId: string) => Promise<boolean>
  /** All that is kept of a person, to be handed to them. */
  readonly exportPerson: (identity: string) => Promise<PersonExport>
  /** Erases a person: see docs/care.md for what goes and what can't. */
  readonly erasePerson: (identity: string) => Promise<void>
  /** Changes slow mode and retention of a conversation; what is left out stays. */
  readonly changeSettings: (
    conversationId: string,
    settings: { readonly slowModeMs?: number; readonly retentionMs?: number },
  ) => Promise<CareSettings>
  /** Deletes now what outlived its conversation's retention; it happens by itself every few minutes. @returns how many */
  readonly sweep: () => Promise<number>
}

const sweepEveryMs = 300_000

/** Care, wired: its service, the API for applications, and the sweep that runs by itself. */
export const createCare = (
  options: CareOptions &
    ErasureOptions & {
      readonly erased: ErasedPeople
      readonly endConnections: (identity: string) => void
      readonly log: Logger
    },
): {
  readonly service: CareService
  readonly api: CareApi
  readonly ownData: OwnData
  readonly close: () => void
} => {
  const service = new CareService(options)
  const erasure = new Erasure(options)
  const sweep = async (): Promise<number> => {
    let deleted = 0
    for await (const { messages, done } of service.expired()) {
      await erasure.deleteMessages(messages)
      await done()
      deleted += messages.filter(({ deletedAt }) => deletedAt === undefined).length
    }
    if (deleted > 0) await erasure.scrub()
    return deleted
  }
  const erase = async (identity: string): Promise<void> => {
    // First of all they are shut out: what they went on writing would stay.
    await options.erased.add(identity)
    options.endConnections(identity)
    await service.removeAbout(identity)
    await erasure.erase(identity)
    service.forget(identity)
  }
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => options.log.error({ err: error }, 'retention could not go on'))
  }, sweepEveryMs)
  timer.unref()
  return {
    service,
    api: {
      reports: () => service.reports(),
      dismissReport: (reportId) => service.dismissReport(reportId),
      exportPerson: (identity) => erasure.export(identity),
      erasePerson: erase,
      changeSettings: (conversationId, settings) => service.changeSettings(conversationId, settings),
      sweep,
    },
    ownData: { export: (identity) => erasure.exportOwn(identity), erase },
    close: () => clearInterval(timer),
  }
}
