import type { Conversation, ConversationSnapshot, Session, Store } from '@sangam/client'
import { createElement, type ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { SangamProvider, usePeople, useSession } from '../src/index.ts'
import { openedConversation } from '../src/opened-conversation.ts'

/** A store that a test writes. */
class TestStore<T> implements Store<T> {
  #value: T
  readonly listeners = new Set<() => void>()

  constructor(value: T) {
    this.#value = value
  }

  readonly get = (): T => this.#value
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  set(value: T): void {
    this.#value = value
    for (const listener of this.listeners) listener()
  }
}

const people = new TestStore([{ identity: 'ravi', name: 'Ravi', presence: 'online', self: false }])
const session = { identity: 'asha', people } as unknown as Session

function Names(): ReactNode {
  const names = usePeople().map(({ name }) => name)
  return `${useSession().identity} sees ${names.join(', ')}`
}

describe('hooks', () => {
  test('render what the session holds', () => {
    const page = createElement(SangamProvider, { session }, createElement(Names))
    expect(renderToStaticMarkup(page)).toBe('asha sees Ravi')
  })

  test('say what is missing without a provider', () => {
    expect(() => renderToStaticMarkup(createElement(Names))).toThrow('<SangamProvider')
  })
})

describe('an opened conversation', () => {
  const snapshot = (lastNumber: number): ConversationSnapshot => ({ lastNumber }) as ConversationSnapshot

  test('opens once somebody looks, follows it, and lets go when nobody does', async () => {
    const state = new TestStore(snapshot(1))
    let opened = 0
    const chatting = {
      conversation: async () => {
        opened += 1
        return { state } as unknown as Conversation
      },
    } as unknown as Session
    const store = openedConversation(chatting, 'team')
    expect(store.get()).toEqual({})
    expect(opened).toBe(0)
    const told = new Promise<void>((resolve) => {
      store.subscribe(resolve)
    })
    const stop = store.subscribe(() => {})
    await told
    expect([opened, store.get().state?.lastNumber]).toEqual([1, 1])
    state.set(snapshot(2))
    expect(store.get().state?.lastNumber).toBe(2)
    stop()
    expect(state.listeners.size).toBe(1)
  })

  test('lets go of the conversation with the last subscriber and catches up with the next', async () => {
    const state = new TestStore(snapshot(1))
    const chatting = { conversation: async () => ({ state }) } as unknown as Session
    const store = openedConversation(chatting, { with: 'ravi' })
    await new Promise<void>((resolve) => {
      const stop = store.subscribe(() => {
        stop()
        resolve()
      })
    })
    expect(state.listeners.size).toBe(0)
    state.set(snapshot(5))
    store.subscribe(() => {})
    expect(store.get().state?.lastNumber).toBe(5)
  })

  test('tells why it could not be opened', async () => {
    const refused = { conversation: () => Promise.reject(new Error('not yours')) } as unknown as Session
    const store = openedConversation(refused, 'secret')
    await new Promise<void>((resolve) => {
      store.subscribe(resolve)
    })
    expect(store.get().error?.message).toBe('not yours')
  })
})
