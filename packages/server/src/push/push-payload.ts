/** What a notification tells; the page's service worker shows it. */
export type PushPayload =
  | {
      readonly type: 'message'
      readonly conversationId: string
      readonly title: string
      /** Only where the person allowed it. */
      readonly text?: string
    }
  | { readonly type: 'call'; readonly callId: string; readonly from: string; readonly video: boolean }

const mostTextCharacters = 300

/** What somebody is told of a message: who wrote, where, and the words if they allowed it. */
export const messagePayload = (
  message: { readonly conversationId: string; readonly senderName: string; readonly text: string },
  groupTitle: string | undefined,
  showText: boolean,
): PushPayload => ({
  type: 'message',
  conversationId: message.conversationId,
  title: groupTitle === undefined ? message.senderName : `${message.senderName} in ${groupTitle}`,
  ...(showText && message.text !== ''
    ? { text: [...message.text].slice(0, mostTextCharacters).join('') }
    : {}),
})
