/** Checks of one field each, for the validators. A TypeError names the field's path and what it should be. */

/** An object whose fields are not checked yet. */
export type Fields = Record<string, unknown>

/** The TypeError for `path`. */
export function invalid(path: string, expectation: string): TypeError {
  return new TypeError(`${path} must be ${expectation}`)
}

/** `value` as an object that is no array. */
export function objectAt(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, 'an object')
  return value as Fields
}

/** The array in `fields[key]`, set to an empty one where absent. */
export function arrayField(fields: Fields, key: string, path: string): unknown[] {
  fields[key] ??= []
  return mandatoryArrayField(fields, key, path)
}

/** The array in `fields[key]`. */
export function mandatoryArrayField(fields: Fields, key: string, path: string): unknown[] {
  const value = fields[key]
  if (!Array.isArray(value)) throw invalid(`${path}.${key}`, 'an array')
  return value
}

/** Checks for an integer from `min` to `max`. */
export function integerField(fields: Fields, key: string, path: string, min: number, max: number): void {
  const value = fields[key]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(`${path}.${key}`, `an integer from ${min} to ${max}`)
  }
}

/** As `integerField`, or absent. */
export function optionalIntegerField(
  fields: Fields,
  key: string,
  path: string,
  min: number,
  max: number,
): void {
  if (fields[key] !== undefined) integerField(fields, key, path, min, max)
}

/** Checks for a string that is not empty. */
export function stringField(fields: Fields, key: string, path: string): string {
  const value = fields[key]
  if (typeof value !== 'string' || value === '') throw invalid(`${path}.${key}`, 'a string that is not empty')
  return value
}

/** As `stringField`, or absent. */
export function optionalStringField(fields: Fields, key: string, path: string): void {
  if (fields[key] !== undefined) stringField(fields, key, path)
}

/** Checks for a boolean, set to `fallback` where absent. */
export function booleanField(fields: Fields, key: string, path: string, fallback: boolean): void {
  fields[key] ??= fallback
  if (typeof fields[key] !== 'boolean') throw invalid(`${path}.${key}`, 'a boolean')
}

/** Checks for one of `values`. */
export function choiceField(fields: Fields, key: string, path: string, values: readonly string[]): void {
  if (!values.includes(fields[key] as string)) throw invalid(`${path}.${key}`, `one of ${values.join(', ')}`)
}
