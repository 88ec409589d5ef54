import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installDebianPackages } from './debian-install.ts'
import { resultOf, type StepResult } from './steps.ts'

/** Whether `ffmpeg` and `ffprobe` are in the PATH. */
export function hasFfmpeg(): boolean {
  return ['ffmpeg', 'ffprobe'].every((name) =>
    (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name))),
  )
}

/** Installs Debian's ffmpeg when it is missing and this process may; else the tests that need it are skipped, and say so. */
export async function ensureFfmpeg(): Promise<StepResult> {
  if (hasFfmpeg()) return resultOf([])
  console.log('Installing ffmpeg from the Debian packages')
  const problem = await installDebianPackages('ffmpeg')
  if (problem !== undefined) {
    console.log(`The interop tests with ffmpeg are skipped (${problem}); on Debian: apt-get install ffmpeg`)
  }
  return resultOf([])
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
