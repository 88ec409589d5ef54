import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { branches, PipeTree } from '../src/media/pipe-tree.ts'
import { chooseWorker, type PlaceableWorker } from '../src/media/placement.ts'

const worker = (index: number, fields: Partial<PlaceableWorker> = {}): PlaceableWorker => ({
  index,
  takesPeople: true,
  participants: 0,
  cpuShare: 0,
  ofRoom: 0,
  ...fields,
})

describe('the choice of a worker', () => {
  test('puts a new room where the fewest people are', () => {
    expect(chooseWorker([worker(0, { participants: 5 }), worker(1, { participants: 4 })], 50)).toBe(1)
  })

  test('puts a new room where there is CPU left, whatever the number of people', () => {
    const workers = [
      worker(0, { participants: 5, cpuShare: 0.5 }),
      worker(1, { participants: 40, cpuShare: 0.2 }),
    ]
    expect(chooseWorker(workers, 50)).toBe(1)
  })

  test('keeps a room together until the spread is reached', () => {
    const workers = [worker(0, { participants: 49, ofRoom: 49 }), worker(1)]
    expect(chooseWorker(workers, 50)).toBe(0)
    expect(chooseWorker([worker(0, { participants: 50, ofRoom: 50 }), worker(1)], 50)).toBe(1)
  })

  test('goes to another worker before the spread when the room’s own is busy', () => {
    expect(chooseWorker([worker(0, { ofRoom: 3, participants: 3, cpuShare: 0.8 }), worker(1)], 50)).toBe(1)
  })

  test('keeps a room together where every worker is busy, by CPU or by people', () => {
    const workers = [worker(0, { ofRoom: 3, participants: 300 }), worker(1, { participants: 290 })]
    expect(chooseWorker(workers, 50)).toBe(0)
    expect(chooseWorker([...workers, worker(2, { participants: 200 })], 50)).toBe(2)
    expect(chooseWorker([worker(0, { participants: 300 }), worker(1, { participants: 290 })], 50)).toBe(1)
  })

  test('with the spread reached everywhere takes the least loaded', () => {
    const workers = [worker(0, { ofRoom: 60, participants: 60 }), worker(1, { ofRoom: 55, participants: 55 })]
    expect(chooseWorker(workers, 50)).toBe(1)
  })

  test('never takes a worker that is down or drained', () => {
    expect(chooseWorker([worker(0, { takesPeople: false, ofRoom: 3 }), worker(1)], 50)).toBe(1)
    expect(chooseWorker([worker(0, { takesPeople: false })], 50)).toBeUndefined()
  })
})

describe('the tree of a stream', () => {
  test('feeds a few from the root, the others from those', () => {
    const tree = new PipeTree(0)
    const parents = [1, 2, 3, 4, 5].map((node) => tree.take(node))
    expect(parents).toEqual([0, 0, 0, 1, 1])
    expect(tree.take(4)).toBeUndefined()
  })

  test('a copy goes when nobody needs it, and what only fed it goes as well', () => {
    const tree = new PipeTree(0)
    for (const node of [1, 2, 3, 4]) tree.take(node)
    expect(tree.release(1)).toEqual([])
    expect(tree.release(4)).toEqual([4, 1])
    expect(tree.nodes).toEqual([0, 2, 3])
  })

  test('with a node all that it fed is lost', () => {
    const tree = new PipeTree(0)
    for (const node of [1, 2, 3, 4, 5]) tree.take(node)
    expect(tree.cut(1)).toEqual([4, 5])
    expect(tree.nodes).toEqual([0, 2, 3])
  })

  test('has each node that somebody wants it at, reached from the root, within the branches', () => {
    const step = fc.record({ node: fc.nat(9), takes: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const tree = new PipeTree(0)
        const parents = new Map<number, number>()
        const users = new Map<number, number>()
        for (const { node, takes } of steps) {
          const now = users.get(node) ?? 0
          if (!takes && now === 0) continue
          users.set(node, takes ? now + 1 : now - 1)
          if (takes) {
            const parent = tree.take(node)
            if (parent !== undefined) parents.set(node, parent)
          } else for (const pruned of tree.release(node)) parents.delete(pruned)
          expect(new Set(tree.nodes)).toEqual(new Set([0, ...parents.keys()]))
          for (const [wanted, count] of users) if (count > 0) expect(tree.nodes).toContain(wanted)
          for (const parent of parents.values())
            expect([...parents.values()].filter((other) => other === parent).length).toBeLessThanOrEqual(
              branches,
            )
          for (const child of parents.keys()) {
            let at: number | undefined = child
            for (let hops = 0; at !== undefined && at !== 0 && hops < 20; hops++) at = parents.get(at)
            expect(at).toBe(0)
          }
        }
      }),
    )
  })
})
