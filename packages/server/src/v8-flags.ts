import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8 from making objects old at birth, in all of the process. It learns from a moment of overload, when messages wait
 * for the disk and survive collections, that they are long-lived, and goes on after it: from then on each message and its
 * words are left to the collection of the old generation, which stops the thread for 10 to 20 ms (docs/chat-durability.md).
 */
export const keepMessagesYoung = (): void => setFlagsFromString('--no-allocation-site-pretenuring')
