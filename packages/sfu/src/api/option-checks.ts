import { errors } from './errors.ts'

/** Free data that an application attaches to an object of the engine. */
export type AppData = { [key: string]: unknown }

type Fields = { readonly [key: string]: unknown }

/** @throws TypeError unless `value` is an object (no array) */
export function checkObject(field: string, value: unknown): asserts value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw errors.invalidOption(field, 'an object', value)
  }
}

/** Returns the given `appData`, or an empty one. @throws TypeError unless it is an object or missing */
export function appDataOf<Data extends AppData>(value: Data | undefined): Data {
  if (value === undefined) return {} as Data
  checkObject('appData', value)
  return value
}

/** @throws TypeError unless `value` is a non-empty string */
export function checkString(field: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || value === '')
    throw errors.invalidOption(field, 'a non-empty string', value)
}

/** @throws TypeError unless `value` is an array of at least `minLength` elements */
export function checkArray(
  field: string,
  value: unknown,
  minLength = 0,
): asserts value is readonly unknown[] {
  if (Array.isArray(value) && value.length >= minLength) return
  throw errors.invalidOption(field, minLength > 0 ? 'a non-empty array' : 'an array', value)
}

/** Returns `value`, or `fallback` when it is missing. @throws TypeError unless it is a boolean or missing */
export function booleanOr<Fallback extends boolean | undefined>(
  field: string,
  value: unknown,
  fallback: Fallback,
): boolean | Fallback {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw errors.invalidOption(field, 'a boolean', value)
  return value
}

/** Returns `value`. @throws TypeError unless it is an integer of the range, both ends included */
export function integerIn(field: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  throw errors.invalidOption(field, `an integer ${range}`, value)
}

/** Returns `value`, or `fallback` when it is missing. @throws TypeError as `integerIn()` */
export function integerOr<Fallback extends number | undefined>(
  field: string,
  value: unknown,
  fallback: Fallback,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number | Fallback {
  return value === undefined ? fallback : integerIn(field, value, min, max)
}

/** Returns `value`. @throws TypeError unless it is one of `allowed` */
export function oneOf<Allowed extends string>(
  field: string,
  value: unknown,
  allowed: readonly Allowed[],
): Allowed {
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) {
    throw errors.invalidOption(
      field,
      `one of ${allowed.map((candidate) => `'${candidate}'`).join(', ')}`,
      value,
    )
  }
  return found
}

/** Returns `values`. @throws TypeError unless it is an array of strings that are all `allowed` */
export function listOf<Allowed extends string>(
  field: string,
  values: unknown,
  allowed: readonly Allowed[],
): Allowed[] {
  checkArray(field, values)
  return values.map((value, index) => oneOf(`${field}[${index}]`, value, allowed))
}

/** Returns `bytes` as they are. @throws TypeError unless they are a Buffer or Uint8Array with at least one byte */
export function bytesOf(field: string, bytes: unknown): Uint8Array {
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytes
  throw errors.invalidOption(field, 'a non-empty Buffer', bytes)
}
