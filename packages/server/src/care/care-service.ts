import type { CareSettings, Message, ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import { limits } from '@sangam/protocol'
import type { ConversationCache } from '../chat/conversation-cache.ts'
import { entitled } from '../chat/conversation-rights.ts'
import { standingIn } from '../chat/roles.ts'
import type { ChatStore, ConversationRecord } from '../chat/store.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import type { RecordStore, Records } from '../records/record-store.ts'
import { requestErrors } from '../request-errors.ts'
import { SlowMode } from './slow-mode.ts'

/** What {@link CareService} needs. */
export type CareOptions = {
  readonly store: ChatStore
  readonly cache: ConversationCache
  readonly records: RecordStore
  readonly notifier: Notifier
  readonly now: Clock
  /** Milliseconds that only rise. */
  readonly uptime: Clock
}

/** A person, or one message of theirs, that somebody brought before whoever runs the server. */
export type Report = {
  /** Names it for `dismissReport()`. */
  readonly reportId: string
  readonly reportedBy: string
  readonly reportedAtMs: number
  readonly reason: string
  /** Who is reported: of a message, whoever sent it. */
  readonly person: { readonly identity: string; readonly name: string }
  /** As it stood then; undefined: the person as such. */
  readonly message?: Pick<Message, 'conversationId' | 'number' | 'text' | 'sentAt'>
  /** Whether the moderators of its group are done with it. */
  readonly isDismissed: boolean
}
type ReportRecord = Omit<Report, 'reportId'>
type CareRecord = CareSettings & { readonly sweptNumber: number }

const noCare: CareRecord = { slowModeMs: 0, retentionMs: 0, sweptNumber: 0 }
/** Reports of a group that are looked at. */
const mostListed = 10_000
/** Messages that one sweep of a conversation looks at before it lets others have their turn. */
const sweptAtOnce = 200
/** Kind of the records that are reports. */
export const reportKind = 'report'
/** Whoever the server itself is in the log of changes: no identity holds a colon. */
export const careActor = 'sangam:care'

/** Blocks, reports, slow mode and retention. What each message asks for is in memory. */
export class CareService {
  readonly #options: CareOptions
  readonly #blocks: Records<{ readonly blocked: string }>
  readonly #reports: Records<ReportRecord>
  readonly #settings: Records<CareRecord>
  readonly #blockedBy = new Map<string, Set<string>>()
  readonly #care = new Map<string, CareRecord>()
  readonly #slowMode = new SlowMode()
  #lastChange: Promise<unknown> = Promise.resolve()

  constructor(options: CareOptions) {
    this.#options = options
    this.#blocks = options.records.of('block')
    this.#reports = options.records.of<ReportRecord>(reportKind)
    this.#settings = options.records.of<CareRecord>('care')
  }

  /** Reads what is asked for each message. */
  async start(): Promise<void> {
    for (const { owner, value } of await this.#blocks.list({ limit: 1_000_000 }))
      this.#setOf(owner).add(value.blocked)
    for (const { key, value } of await this.#settings.list({ limit: 1_000_000 })) this.#care.set(key, value)
  }

  /** Whether `by` has blocked somebody. */
  hasBlocked(by: string, identity: string): boolean {
    return this.#blockedBy.get(by)?.has(identity) === true
  }

  /** A message is about to be stored. @throws RequestError `forbidden` (blocked), `rateLimited` (slow mode) */
  beforeSend(record: ConversationRecord, identity: string): void {
    if (record.kind === 'direct') {
      const other = record.members.find((member) => member.identity !== identity)
      if (other !== undefined && this.hasBlocked(other.identity, identity))
        throw requestErrors.forbidden('the person takes no messages from this one')
    }
    const { slowModeMs } = this.#care.get(record.conversationId) ?? noCare
    if (slowModeMs === 0 || ['owner', 'moderator'].includes(standingIn(record, identity))) return
    const waitMs = this.#slowMode.take(record.conversationId, identity, slowModeMs, this.#options.uptime())
    if (waitMs > 0) throw requestErrors.rateLimited(Math.ceil(waitMs))
  }

  /** `person.block` */
  async block(
    session: Session,
    { identity, on }: ParsedRequestOf<'person.block'>,
  ): Promise<ReplyOf<'person.block'>> {
    const owner = session.identity
    if (identity === owner) throw requestErrors.wrongState('Nobody can block themselves.')
    const own = this.#setOf(owner)
    const key = `${owner}\n${identity}`
    if (on) {
      if (own.size >= limits.blocked && !own.has(identity)) throw requestErrors.tooMany('blocked people')
      const atMs = this.#options.now()
      await this.#blocks.put({ key, owner, topic: '', atMs, value: { blocked: identity } })
      own.add(identity)
    } else {
      await this.#blocks.remove(key)
      own.delete(identity)
    }
    return {}
  }

  /** `person.blocked` */
  blocked(session: Session): ReplyOf<'person.blocked'> {
    return { identities: [...(this.#blockedBy.get(session.identity) ?? [])] }
  }

  /** `message.report` */
  async report(
    session: Session,
    { conversationId, number, reason }: ParsedRequestOf<'message.report'>,
  ): Promise<ReplyOf<'message.report'>> {
    await entitled(this.#options.cache, session, conversationId)
    const message = await this.#options.store.message(conversationId, number)
    if (message === undefined || message.deletedAt !== undefined) throw requestErrors.notFound('message')
    const { senderId, senderName, text, sentAt } = message
    await this.#keepReport(`${conversationId}\n${number}\n${session.identity}`, conversationId, {
      ...this.#reportOf(session, reason),
      person: { identity: senderId, name: senderName },
      message: { conversationId, number, text, sentAt },
    })
    return {}
  }

  /** `person.report` */
  async reportPerson(
    session: Session,
    { identity, reason }: ParsedRequestOf<'person.report'>,
  ): Promise<ReplyOf<'person.report'>> {
    if (identity === session.identity) throw requestErrors.wrongState('Nobody can report themselves.')
    const person = await this.#options.store.person(identity)
    if (person === undefined) throw requestErrors.notFound('person')
    await this.#keepReport(`person\n${identity}\n${session.identity}`, '', {
      ...this.#reportOf(session, reason),
      person: { identity, name: person.name },
    })
    return {}
  }

  #reportOf(session: Session, reason: string) {
    return {
      reportedBy: session.identity,
      reportedAtMs: this.#options.now(),
      reason,
      isDismissed: false,
    }
  }

  async #keepReport(key: string, topic: string, value: ReportRecord): Promise<void> {
    // It goes with whoever is reported: the words in it are theirs.
    await this.#reports.put({ key, owner: value.person.identity, topic, atMs: value.reportedAtMs, value })
  }

  /** Reports, the oldest first. */
  async reports(): Promise<readonly Report[]> {
    return (await this.#reports.list({})).map(({ key, value }) => ({ reportId: key, ...value }))
  }

  /** Removes a report. @returns whether there was one */
  dismissReport(reportId: string): Promise<boolean> {
    return this.#reports.remove(reportId)
  }

  /** `conversation.reports` */
  async conversationReports(
    session: Session,
    { conversationId }: ParsedRequestOf<'conversation.reports'>,
  ): Promise<ReplyOf<'conversation.reports'>> {
    await entitled(this.#options.cache, session, conversationId, 'deleteOthers')
    const reports = (await this.#reportsFor(session, conversationId))
      .slice(-limits.reports)
      .reverse()
      .map(({ value: { reason, reportedAtMs, person, message } }) => ({
        number: message.number,
        senderId: person.identity,
        senderName: person.name,
        text: message.text,
        sentAt: message.sentAt,
        reason,
        reportedAt: reportedAtMs,
      }))
    return { reports }
  }

  /** `conversation.dismissReports` */
  async dismissReports(
    session: Session,
    { conversationId, number }: ParsedRequestOf<'conversation.dismissReports'>,
  ): Promise<ReplyOf<'conversation.dismissReports'>> {
    await entitled(this.#options.cache, session, conversationId, 'deleteOthers')
    const dismissed = (await this.#reportsFor(session, conversationId)).filter(
      ({ value }) => value.message.number === number,
    )
    if (dismissed.length === 0) throw requestErrors.notFound('report')
    for (const { value, ...record } of dismissed)
      await this.#reports.put({ ...record, value: { ...value, isDismissed: true } })
    return {}
  }

  /** Reports of messages of a group that its moderators are not done with, but those about whoever asks. */
  async #reportsFor({ identity }: Session, conversationId: string) {
    const found = await this.#reports.list({ topic: conversationId, limit: mostListed })
    return found.flatMap(({ value, ...record }) => {
      const { message, person, isDismissed } = value
      return message === undefined || isDismissed || person.identity === identity
        ? []
        : [{ ...record, value: { ...value, message } }]
    })
  }

  /** `conversation.care` */
  async settings(
    session: Session,
    { conversationId }: ParsedRequestOf<'conversation.care'>,
  ): Promise<ReplyOf<'conversation.care'>> {
    await entitled(this.#options.cache, session, conversationId)
    return this.settingsOf(conversationId)
  }

  settingsOf(conversationId: string): CareSettings {
    const { slowModeMs, retentionMs } = this.#care.get(conversationId) ?? noCare
    return { slowModeMs, retentionMs }
  }

  /** `conversation.setCare` */
  async setSettings(
    session: Session,
    { conversationId, ...change }: ParsedRequestOf<'conversation.setCare'>,
  ): Promise<ReplyOf<'conversation.setCare'>> {
    await entitled(this.#options.cache, session, conversationId, 'deleteOthers')
    return this.changeSettings(conversationId, change)
  }

  /** Changes the settings of a conversation; what is left out stays. */
  changeSettings(
    conversationId: string,
    change: { readonly slowModeMs?: number | undefined; readonly retentionMs?: number | undefined },
  ): Promise<CareSettings> {
    return this.#inTurn(() => this.#changeNow(conversationId, change))
  }

  async #changeNow(
    conversationId: string,
    change: { readonly slowModeMs?: number | undefined; readonly retentionMs?: number | undefined },
  ): Promise<CareSettings> {
    const before = this.#care.get(conversationId) ?? noCare
    const record: CareRecord = {
      slowModeMs: change.slowModeMs ?? before.slowModeMs,
      retentionMs: change.retentionMs ?? before.retentionMs,
      sweptNumber: before.sweptNumber,
    }
    await this.#keep(conversationId, record)
    const settings = this.settingsOf(conversationId)
    this.#options.notifier.toConversation(conversationId, 'conversation.careChanged', {
      conversationId,
      ...settings,
    })
    return settings
  }

  /**
   * Messages that outlived the retention of their conversation, a page per conversation; whether it is busy or nobody is
   * there makes no difference. `done` is called once they are deleted.
   */
  async *expired(): AsyncGenerator<{
    readonly messages: readonly Message[]
    readonly done: () => Promise<void>
  }> {
    for (const conversationId of [...this.#care.keys()]) {
      for (;;) {
        const care = this.#care.get(conversationId) ?? noCare
        if (care.retentionMs === 0) break
        const beforeMs = this.#options.now() - care.retentionMs
        const after = care.sweptNumber
        const page = await this.#options.store.messages({ conversationId, after, limit: sweptAtOnce })
        const isOld = page.messages.findIndex(({ sentAt }) => sentAt >= beforeMs)
        const old = isOld === -1 ? page.messages : page.messages.slice(0, isOld)
        const last = old.at(-1)
        if (last === undefined) break
        yield {
          messages: old,
          done: () =>
            this.#inTurn(() =>
              this.#keep(conversationId, {
                ...(this.#care.get(conversationId) ?? care),
                sweptNumber: last.number,
              }),
            ),
        }
        if (this.#care.get(conversationId)?.sweptNumber !== last.number) break
      }
    }
  }

  /** Somebody was erased: what is in memory of them goes as well. */
  forget(identity: string): void {
    this.#blockedBy.delete(identity)
    for (const blocked of this.#blockedBy.values()) blocked.delete(identity)
  }

  /** Removes what others have on record about a person: blocks of them, and reports of theirs. */
  async removeAbout(identity: string): Promise<void> {
    for (const { key, value } of await this.#blocks.list({ limit: 1_000_000 }))
      if (value.blocked === identity) await this.#blocks.remove(key)
    for (const { key, value } of await this.#reports.list({ limit: 1_000_000 }))
      if (value.reportedBy === identity) await this.#reports.remove(key)
  }

  /** What reads settings and writes them again, one after the other: none loses what another one wrote. */
  #inTurn<Value>(change: () => Promise<Value>): Promise<Value> {
    const done = this.#lastChange.then(change)
    this.#lastChange = done.catch(() => undefined)
    return done
  }

  async #keep(conversationId: string, value: CareRecord): Promise<void> {
    const atMs = this.#options.now()
    await this.#settings.put({ key: conversationId, owner: '', topic: conversationId, atMs, value })
    this.#care.set(conversationId, value)
  }

  #setOf(owner: string): Set<string> {
    const known = this.#blockedBy.get(owner) ?? new Set<string>()
    this.#blockedBy.set(owner, known)
    return known
  }
}
