import { existsSync } from 'node:fs'
import { installDebianPackages } from './debian-install.ts'
import { resultOf, type StepResult } from './steps.ts'

const LAUNCHER = '/usr/bin/gst-launch-1.0'
/** Tools, Opus, and VP8 with RTP and UDP. */
const PACKAGES = ['gstreamer1.0-tools', 'gstreamer1.0-plugins-base', 'gstreamer1.0-plugins-good']

/** The program that runs a pipeline, or undefined if there is none. */
export function findGstreamer(): string | undefined {
  return existsSync(LAUNCHER) ? LAUNCHER : undefined
}

/** Installs Debian's GStreamer when it is missing and this process may; else its tests are skipped by name. */
export async function ensureGstreamer(): Promise<StepResult> {
  if (findGstreamer() !== undefined) return resultOf([])
  console.log('Installing GStreamer from the Debian packages')
  const problem = await installDebianPackages(...PACKAGES)
  if (problem !== undefined) {
    console.log(
      `The interop tests with GStreamer are skipped (${problem}); on Debian: apt-get install ${PACKAGES.join(' ')}`,
    )
  }
  return resultOf([])
}
