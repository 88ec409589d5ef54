import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startErrors } from '../start-errors.ts'
import {
  type SettingForm,
  type SettingName,
  type Settings,
  settingDefinitions,
  settingNames,
} from './settings.ts'

const words: { readonly [word: string]: boolean } = {
  on: true,
  true: true,
  yes: true,
  '1': true,
  off: false,
  false: false,
  no: false,
  '0': false,
}

/** Reads the text of an environment variable; a text that has no such form stays a text, and its schema refuses it. */
const readText = (form: SettingForm, text: string): unknown => {
  const trimmed = text.trim()
  switch (form) {
    case 'text':
      return text
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text
    case 'portOrOff':
      return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed
    case 'boolean':
      return Object.hasOwn(words, trimmed.toLowerCase()) ? words[trimmed.toLowerCase()] : text
    case 'list':
      return trimmed === '' ? [] : trimmed.split(',').map((item) => item.trim())
    case 'json':
      try {
        return JSON.parse(trimmed)
      } catch {
        return text
      }
  }
}

type Source = { readonly label: string; readonly value: unknown }

/** Where a setting's value comes from: options, then environment, then file, then default. */
const sourceOf = (name: SettingName, layers: SettingLayers): Source | undefined => {
  const option = layers.options?.[name]
  if (option !== undefined) return { label: name, value: option }
  const { env, form } = settingDefinitions[name]
  const text = layers.env?.[env]
  if (text !== undefined && text !== '') return { label: env, value: readText(form, text) }
  const fromFile = layers.file?.values[name]
  return fromFile === undefined ? undefined : { label: name, value: fromFile }
}

const refuseUnknown = (values: object | undefined, where: string): void => {
  for (const key of Object.keys(values ?? {})) {
    if (!Object.hasOwn(settingDefinitions, key)) throw startErrors.unknownSetting(key, where)
  }
}

/** What settings may come from. */
export type SettingLayers = {
  readonly options?: { readonly [name: string]: unknown } | undefined
  readonly env?: { readonly [name: string]: string | undefined } | undefined
  readonly file?: { readonly path: string; readonly values: { readonly [name: string]: unknown } } | undefined
}

/**
 * Merges options over environment over file over defaults and checks each value.
 * @throws SettingError that names the setting, what it got and what it should be; also for a name that is no setting.
 */
export const resolveSettings = (layers: SettingLayers): Settings => {
  refuseUnknown(layers.options, 'createServer()')
  refuseUnknown(layers.file?.values, layers.file?.path ?? 'The configuration file')
  const resolved: { [name: string]: unknown } = {}
  for (const name of settingNames) {
    const definition = settingDefinitions[name]
    const source = sourceOf(name, layers)
    if (source === undefined) {
      resolved[name] = definition.byDefault()
      continue
    }
    const parsed = definition.schema.safeParse(source.value)
    if (!parsed.success) {
      const got = definition.isSecret === true ? '…' : source.value
      throw startErrors.invalidSetting(source.label, got, definition.expected)
    }
    resolved[name] = parsed.data
  }
  const settings = resolved as Settings
  if ((settings.tlsCert === '') !== (settings.tlsKey === '')) {
    const missing = settings.tlsCert === '' ? 'TLS_CERT' : 'TLS_KEY'
    throw startErrors.invalidSetting(
      missing,
      '',
      'the path of a PEM file, since the other of TLS_CERT and TLS_KEY is set',
    )
  }
  return settings
}

const configFileNames = ['sangam.config.ts', 'sangam.config.js', 'sangam.config.json']

/** Finds and reads `sangam.config.ts|js|json` in a folder, or the file named. Gives undefined when there is none. */
export const readConfigFile = async (
  folder: string,
  named?: string,
): Promise<{ path: string; values: { [name: string]: unknown } } | undefined> => {
  const candidates = named === undefined ? configFileNames : [named]
  const path = candidates.map((name) => resolve(folder, name)).find((candidate) => existsSync(candidate))
  if (path === undefined) {
    if (named !== undefined) throw startErrors.unreadableConfig(named, new Error('there is no such file'))
    return undefined
  }
  const options = path.endsWith('.json') ? { with: { type: 'json' } } : undefined
  const module: { default?: unknown } = await import(pathToFileURL(path).href, options).catch(
    (cause: unknown) => {
      throw startErrors.unreadableConfig(path, cause)
    },
  )
  const values = module.default
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw startErrors.unreadableConfig(path, new Error('its default export is not an object of settings'))
  }
  return { path, values: values as { [name: string]: unknown } }
}
