// How one stream reaches several workers: each link carries it once. Pure.

/** Copies that one worker feeds at most, so that no worker of many sends a popular stream to all the others. */
export const branches = 3

/**
 * The tree of one stream: the worker that receives it from its publisher at the root, each other one fed by one of those that
 * have it. A worker has it while somebody there receives it, or while it feeds another.
 */
export class PipeTree<Node> {
  readonly root: Node
  readonly #parents = new Map<Node, Node>()
  readonly #users = new Map<Node, number>()

  constructor(root: Node) {
    this.root = root
  }

  /** Nodes that have the stream, the root included. */
  get nodes(): Node[] {
    return [this.root, ...this.#parents.keys()]
  }

  /** Somebody at a node wants the stream. @returns the node that feeds it from now on, when it is new there */
  take(node: Node): Node | undefined {
    this.#users.set(node, this.usersAt(node) + 1)
    if (node === this.root || this.#parents.has(node)) return undefined
    const parent = this.#freeParent()
    this.#parents.set(node, parent)
    return parent
  }

  /** Somebody gave it up. @returns nodes that nobody needs it at any more, the outermost first */
  release(node: Node): Node[] {
    this.#users.set(node, Math.max(0, this.usersAt(node) - 1))
    const pruned: Node[] = []
    let at: Node | undefined = node
    while (
      at !== undefined &&
      at !== this.root &&
      this.usersAt(at) === 0 &&
      this.#childrenOf(at).length === 0
    ) {
      const parent: Node | undefined = this.#parents.get(at)
      if (parent === undefined) break
      this.#parents.delete(at)
      this.#users.delete(at)
      pruned.push(at)
      at = parent
    }
    return pruned
  }

  /** A node is gone. @returns the nodes that it fed, directly or not: they lost the stream */
  cut(node: Node): Node[] {
    const lost = this.#childrenOf(node).flatMap((child) => [child, ...this.cut(child)])
    this.#parents.delete(node)
    this.#users.delete(node)
    return lost
  }

  /** How many at a node want it. */
  usersAt(node: Node): number {
    return this.#users.get(node) ?? 0
  }

  /** The first, from the root on, that feeds fewer than {@link branches}. */
  #freeParent(): Node {
    const queue: Node[] = [this.root]
    for (const node of queue) {
      const children = this.#childrenOf(node)
      if (children.length < branches) return node
      queue.push(...children)
    }
    return this.root
  }

  #childrenOf(node: Node): Node[] {
    return [...this.#parents].flatMap(([child, parent]) => (parent === node ? [child] : []))
  }
}
