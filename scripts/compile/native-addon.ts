import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fromRoot } from '../paths.ts'
import { runProcess } from '../process.ts'
import { BuildError, type BuildTarget, PLAIN_LOG } from './target.ts'

const TOOLS = [
  { commands: ['g++', 'c++', 'clang++'], what: 'A C++ compiler', debianPackage: 'g++' },
  { commands: ['make'], what: 'GNU make', debianPackage: 'make' },
  { commands: ['python3', 'python'], what: 'Python 3', debianPackage: 'python3' },
]

/** Says in one sentence which tool is missing. @throws BuildError */
async function requireTools(): Promise<void> {
  for (const { commands, what, debianPackage } of TOOLS) {
    const found = await Promise.all(commands.map((command) => runProcess(command, ['--version'])))
    if (found.some(({ code }) => code === 0)) continue
    throw new BuildError(
      `${what} is needed to build the media engine; on Debian: apt-get install ${debianPackage}`,
    )
  }
}

/** The flag that points node-gyp at the headers beside the running Node, so that it downloads none. */
function headersFlag(): string[] {
  const nodeDir = dirname(dirname(realpathSync(process.execPath)))
  return existsSync(join(nodeDir, 'include', 'node', 'node.h')) ? [`--nodedir=${nodeDir}`] : []
}

/** The packet port, compiled by node-gyp for the Node that runs this. */
export const nativeAddon: BuildTarget = {
  name: 'native addon',
  result: fromRoot('packages/sfu/build/Release/packet_port.node'),
  stampFile: fromRoot('packages/sfu/build/fingerprint'),
  inputs: [fromRoot('packages/sfu/native'), fromRoot('packages/sfu/binding.gyp')],
  salt: `${process.version} ${process.platform} ${process.arch}`,
  async build(onOutput) {
    await requireTools()
    const nodeGyp = fromRoot('node_modules/node-gyp/bin/node-gyp.js')
    const args = [nodeGyp, 'rebuild', '-C', fromRoot('packages/sfu'), '--jobs=max', ...headersFlag()]
    return runProcess(process.execPath, args, { env: PLAIN_LOG, onOutput })
  },
}
