import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** The package.json files of the repository and of its workspaces, as paths from `root`. */
function listManifests(root: string): string[] {
  const workspaces = ['packages', 'apps'].flatMap((group) =>
    existsSync(join(root, group))
      ? readdirSync(join(root, group)).map((name) => `${group}/${name}/package.json`)
      : [],
  )
  return ['package.json', ...workspaces].filter((path) => existsSync(join(root, path)))
}

/**
 * Finds npm dependencies that aren't pinned to one version, have different versions in two places, or have no row in
 * docs/dependencies.md. Returns one line per finding.
 */
export function findLooseDependencies(root: string): string[] {
  const documented = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
  const versions = new Map<string, string>()
  return listManifests(root).flatMap((path) => {
    const manifest: Manifest = JSON.parse(readFileSync(join(root, path), 'utf8'))
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
    return Object.entries(all)
      .filter(([name]) => !name.startsWith('@sangam/'))
      .flatMap(([name, version]) => {
        const elsewhere = versions.get(name) ?? version
        versions.set(name, version)
        const problems = [
          !/^\d+\.\d+\.\d+$/.test(version) && `${version} is not one exact version`,
          elsewhere !== version && `${version} differs from ${elsewhere} in another package.json`,
          !documented.includes(`| \`${name}\` |`) && 'has no row in docs/dependencies.md',
        ]
        return problems
          .filter((problem) => problem !== false)
          .map((problem) => `${path}: ${name}: ${problem}`)
      })
  })
}
