/** What the benchmark needs of a module with the mediasoup v3 API. */
export type Engine = Pick<typeof import('@sangam/sfu'), 'createWorker'>

/** How to load an engine by its name on the command line. */
const ENGINES: Readonly<Record<string, () => Promise<unknown>>> = {
  sangam: () => import('@sangam/sfu'),
  mediasoup: () => {
    if (process.env.MEDIASOUP_WORKER_BIN !== undefined) return import('mediasoup')
    throw new Error(
      '--engine mediasoup: set MEDIASOUP_WORKER_BIN to its worker program; none is installed here',
    )
  },
}

/**
 * The engines to measure side by side: ours, and the one that is named beside it.
 * @throws TypeError for a name that is none of them; Error when it has no worker program
 */
export async function enginesOf(name: string): Promise<readonly (readonly [name: string, engine: Engine])[]> {
  const names = name === 'sangam' ? [name] : ['sangam', name]
  return Promise.all(
    names.map(async (one) => {
      const load = ENGINES[one]
      if (load === undefined)
        throw new TypeError(`--engine: ${one} is none of ${Object.keys(ENGINES).join(', ')}`)
      // That their APIs are the same is what packages/sfu/test/conformance proves.
      return [one, (await load()) as Engine] as const
    }),
  )
}
