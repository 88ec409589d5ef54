import { fromRoot } from '../paths.ts'
import { runProcess } from '../process.ts'
import { type BuildTarget, PLAIN_LOG } from './target.ts'

const SOURCES = ['apps/web', 'packages/react', 'packages/client', 'packages/protocol', 'package-lock.json']

/** The app people open, bundled by Vite into apps/web/dist. */
export const webApp: BuildTarget = {
  name: 'web app',
  result: fromRoot('apps/web/dist/index.html'),
  stampFile: fromRoot('apps/web/dist/.fingerprint'),
  inputs: SOURCES.map((path) => fromRoot(path)),
  salt: '',
  build(onOutput) {
    const vite = fromRoot('node_modules/vite/bin/vite.js')
    return runProcess(process.execPath, [vite, 'build'], {
      cwd: fromRoot('apps/web'),
      env: { ...PLAIN_LOG, NODE_ENV: 'production' },
      onOutput,
    })
  },
}
