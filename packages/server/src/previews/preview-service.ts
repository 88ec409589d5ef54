import type { ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import { AddressLimiter } from '../http/address-limiter.ts'
import type { Clock, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import { pageFacts } from './page-facts.ts'

/** What {@link PreviewService} needs. */
export type PreviewOptions = {
  /** Whether the server makes previews at all. */
  readonly isOn: boolean
  /** Rejects for somebody who may not send to the conversation. */
  readonly checkMaySend: (session: Session, conversationId: string) => Promise<unknown>
  /** Gives the HTML of a page, or undefined; never throws. */
  readonly fetchPage: (url: string) => Promise<string | undefined>
  /** Milliseconds that only rise. */
  readonly uptime: Clock
  readonly rateLimitFactor: number
}

/** Of one person, over all their connections. */
const perPerson = { capacity: 20, perSecond: 0.1 }
/** Pages on their way at a time; beyond it one tries again. */
const mostAtOnce = 8

/** Previews of links, for whoever is about to send one: what a page says of itself, as text. */
export class PreviewService {
  readonly #options: PreviewOptions
  readonly #limiter: AddressLimiter
  #underWay = 0

  constructor(options: PreviewOptions) {
    this.#options = options
    this.#limiter = new AddressLimiter(perPerson, options.rateLimitFactor)
  }

  /** `message.preview` */
  async preview(
    session: Session,
    { conversationId, url }: ParsedRequestOf<'message.preview'>,
  ): Promise<ReplyOf<'message.preview'>> {
    const { isOn, checkMaySend, fetchPage, uptime } = this.#options
    if (!isOn) throw requestErrors.unsupported('This server makes no previews of links.')
    await checkMaySend(session, conversationId)
    const waitMs = this.#limiter.take(session.identity, uptime())
    if (waitMs > 0) throw requestErrors.rateLimited(waitMs)
    if (this.#underWay >= mostAtOnce) throw requestErrors.unavailable('The maker of previews')
    this.#underWay += 1
    try {
      const html = await fetchPage(url)
      const facts = html === undefined ? undefined : pageFacts(html)
      return facts === undefined ? {} : { preview: { url, ...facts } }
    } finally {
      this.#underWay -= 1
    }
  }
}
