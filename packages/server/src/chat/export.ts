import type { Message } from '@sangam/protocol'
import type { ChatStore, ConversationRecord } from './store.ts'

/** How a conversation is written out. */
export type ExportFormat = 'json' | 'html'

const pageSize = 200

/** All messages of a conversation, page by page; what is stored meanwhile may be among them. */
async function* pagesOf(store: ChatStore, conversationId: string): AsyncGenerator<readonly Message[]> {
  for (let after = 0; ; ) {
    const { messages, more } = await store.messages({ conversationId, after, limit: pageSize })
    yield messages
    if (!more) return
    after = messages.at(-1)?.number ?? after
  }
}

/** A conversation as text, in pieces, so that one of any length needs no more memory than a page. */
export async function* exportConversation(
  store: ChatStore,
  record: ConversationRecord,
  title: string,
  format: ExportFormat,
): AsyncGenerator<string> {
  yield* format === 'json' ? asJson(store, record, title) : asHtml(store, record, title)
}

async function* asJson(store: ChatStore, record: ConversationRecord, title: string): AsyncGenerator<string> {
  const { conversationId, kind, members } = record
  const head = {
    conversationId,
    kind,
    title,
    members: members.map(({ identity, name, role }) => ({ identity, name, role })),
  }
  yield `{"conversation":${JSON.stringify(head)},"messages":[`
  let separator = '\n'
  for await (const messages of pagesOf(store, conversationId)) {
    let piece = ''
    for (const message of messages) {
      piece += separator + JSON.stringify(message)
      separator = ',\n'
    }
    if (piece !== '') yield piece
  }
  yield '\n]}\n'
}

async function* asHtml(store: ChatStore, record: ConversationRecord, title: string): AsyncGenerator<string> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
article { margin: 0 0 1rem } header { font-size: 13px; opacity: 0.7 } p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
blockquote { margin: 0; padding-left: 0.6rem; border-left: 2px solid; opacity: 0.7 }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
`
  for await (const messages of pagesOf(store, record.conversationId)) yield messages.map(articleOf).join('')
  yield '</body>\n</html>\n'
}

const articleOf = (message: Message): string => {
  const { number, senderName, sentAt, text, editedAt, deletedAt, replyTo, thread, reactions = [] } = message
  const notes = [
    `#${number}`,
    new Date(sentAt).toISOString(),
    ...(thread === undefined ? [] : [`in the thread of #${thread}`]),
    ...(editedAt === undefined ? [] : ['edited']),
  ]
  const quote =
    replyTo === undefined
      ? ''
      : `<blockquote>#${replyTo.number} ${escapeHtml(replyTo.senderName)}: ${escapeHtml(replyTo.text)}</blockquote>`
  const body = deletedAt === undefined ? escapeHtml(text) : '<em>Message deleted</em>'
  const foot = reactions.map(({ emoji, by }) => `${escapeHtml(emoji)} ${by.length}`).join(' ')
  return `<article><header><strong>${escapeHtml(senderName)}</strong> ${notes.join(' · ')}</header>${quote}<p>${body}</p>${foot}</article>\n`
}

/** Text as HTML shows it, inside elements and quoted attributes (HTML Living Standard, "Serializing HTML fragments"). */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"'\0]/g, (sign) => (sign === '\0' ? '\uFFFD' : `&#${sign.charCodeAt(0)};`))
