import { nativeAddon } from './native-addon.ts'
import { BuildError, buildTarget } from './target.ts'
import { webApp } from './web-app.ts'

/** Everything that has to be built before the server starts, in order. */
const TARGETS = { native: nativeAddon, web: webApp }

/** Builds what is out of date. @throws BuildError when one fails */
export async function buildAll(names: readonly (keyof typeof TARGETS)[] = ['native', 'web']): Promise<void> {
  for (const name of names) await buildTarget(TARGETS[name])
}

/** Like `buildAll`, but tells a person in words and ends the process when it fails. */
export async function buildAllOrExit(names?: readonly (keyof typeof TARGETS)[]): Promise<void> {
  try {
    await buildAll(names)
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}
