/**
 * What follows the mandatory part of a dependency descriptor (AV1 RTP specification, appendix A.8): bit fields, most
 * significant bit first.
 *
 *   flags(5) | structure, if present | active decode targets (one bit each), if present
 *            | custom DTIs (2 bits per decode target) | custom frame diffs | custom chain diffs (8 bits per chain)
 *
 *   structure: template id offset(6) | decode targets - 1 (5)
 *            | per template: next layer(2): 0 same, 1 next temporal, 2 next spatial, 3 no more templates
 *            | per template and decode target: DTI(2)
 *            | per template: diffs, each 1 + diff - 1 (4), then 0
 *            | chains ns(targets + 1) | per target: its chain ns(chains) | per template and chain: diff(4)
 *            | resolutions present(1) | per spatial layer: width - 1 (16), height - 1 (16)
 */

import type { DependencyDescriptor } from './dependency-descriptor.ts'

/** Limits of the format. */
export const MAX_DECODE_TARGETS = 32
const MAX_TEMPLATES = 64
const MAX_CHAINS = 32
/** The format sets no limit; encoders refer to eight frames at most (AV1 section 7.20: eight reference slots). */
export const MAX_FRAME_DIFFS = 8

/** Decode target indication: what a frame is to one decode target. */
export const Dti = {
  /** Not part of it. */
  notPresent: 0,
  /** Part of it; nothing else of it refers to this frame. */
  discardable: 1,
  /** A receiver of another target may go over to this one here. */
  switchPoint: 2,
  required: 3,
} as const

/** The templates of a stream, as its last key frame gave them. Reused: each new structure overwrites the last. */
export class DependencyStructure {
  /** 0: none (yet), or the last one was malformed. */
  templateCount = 0
  templateIdOffset = 0
  decodeTargetCount = 0
  chainCount = 0
  spatialLayerCount = 0
  readonly templateSpatialLayer = new Uint8Array(MAX_TEMPLATES)
  readonly templateTemporalLayer = new Uint8Array(MAX_TEMPLATES)
  /** `MAX_DECODE_TARGETS` per template. */
  readonly templateDti = new Uint8Array(MAX_TEMPLATES * MAX_DECODE_TARGETS)
  readonly templateDiffCount = new Uint8Array(MAX_TEMPLATES)
  /** `MAX_FRAME_DIFFS` per template. */
  readonly templateDiff = new Uint8Array(MAX_TEMPLATES * MAX_FRAME_DIFFS)
  /** `MAX_CHAINS` per template. */
  readonly templateChainDiff = new Uint8Array(MAX_TEMPLATES * MAX_CHAINS)
  /** Which chain protects a decode target; meaningful with `chainCount` over 0. */
  readonly targetChain = new Uint8Array(MAX_DECODE_TARGETS)
  /** Highest layers of each decode target. */
  readonly targetSpatialLayer = new Uint8Array(MAX_DECODE_TARGETS)
  readonly targetTemporalLayer = new Uint8Array(MAX_DECODE_TARGETS)
  /** Pixels by spatial layer; 0 where the structure does not say. */
  readonly width = new Uint16Array(4)
  readonly height = new Uint16Array(4)
}

/** What `parseDependencyFrame` fills: what its frame depends on, and who needs it. One instance is reused. */
export class DependencyFrame {
  spatialLayer = 0
  temporalLayer = 0
  /** By decode target: a value of `Dti`. */
  readonly dti = new Uint8Array(MAX_DECODE_TARGETS)
  diffCount = 0
  /** How many frames back the frames are that this one refers to. */
  readonly diff = new Uint16Array(MAX_FRAME_DIFFS)
  /** By chain: how many frames back its previous frame is; 0 where this frame starts the chain. */
  readonly chainDiff = new Uint8Array(MAX_CHAINS)
}

class BitReader {
  #bytes: Uint8Array = new Uint8Array(0)
  #bit = 0
  #end = 0
  /** Whether more was read than there is. */
  overrun = false

  start(bytes: Uint8Array, offset: number, length: number): void {
    this.#bytes = bytes
    this.#bit = offset * 8
    this.#end = (offset + length) * 8
    this.overrun = false
  }

  read(count: number): number {
    if (this.#bit + count > this.#end) {
      this.overrun = true
      return 0
    }
    let value = 0
    for (let i = 0; i < count; i += 1) {
      value = (value << 1) | ((this.#bytes[this.#bit >> 3]! >> (7 - (this.#bit & 7))) & 1)
      this.#bit += 1
    }
    return value
  }

  /** A number below `limit`, in as few bits as it takes ("ns(n)" of AV1 section 4.10.7). */
  readBelow(limit: number): number {
    const width = 32 - Math.clz32(limit)
    const short = (1 << width) - limit
    const value = this.read(width - 1)
    return value < short ? value : (value << 1) - short + this.read(1)
  }
}

const reader = new BitReader()

/**
 * Reads what the element in `bytes[offset, offset + length)` says beyond its parsed mandatory part. A structure in it
 * replaces `structure`.
 * @returns false if it is malformed, or names a template that the structure lacks; `frame` is then undefined
 */
export function parseDependencyFrame(
  bytes: Uint8Array,
  offset: number,
  length: number,
  descriptor: DependencyDescriptor,
  structure: DependencyStructure,
  frame: DependencyFrame,
): boolean {
  let custom = 0
  if (descriptor.extendedOffset !== -1) {
    reader.start(bytes, descriptor.extendedOffset, offset + length - descriptor.extendedOffset)
    custom = reader.read(5)
    if (descriptor.structurePresent && !readStructure(structure)) return false
    if (descriptor.activeDecodeTargetsPresent) reader.read(structure.decodeTargetCount)
  }
  const template = (descriptor.templateId + 64 - structure.templateIdOffset) & 63
  if (template >= structure.templateCount) return false
  frame.spatialLayer = structure.templateSpatialLayer[template]!
  frame.temporalLayer = structure.templateTemporalLayer[template]!
  readTargets(structure, frame, template, (custom & 4) !== 0)
  if (!readDiffs(structure, frame, template, (custom & 2) !== 0)) return false
  readChains(structure, frame, template, (custom & 1) !== 0)
  return custom === 0 || !reader.overrun
}

function readTargets(
  s: DependencyStructure,
  frame: DependencyFrame,
  template: number,
  custom: boolean,
): void {
  for (let target = 0; target < s.decodeTargetCount; target += 1) {
    frame.dti[target] = custom ? reader.read(2) : s.templateDti[template * MAX_DECODE_TARGETS + target]!
  }
}

function readDiffs(
  s: DependencyStructure,
  frame: DependencyFrame,
  template: number,
  custom: boolean,
): boolean {
  frame.diffCount = 0
  if (!custom) {
    frame.diffCount = s.templateDiffCount[template]!
    for (let i = 0; i < frame.diffCount; i += 1) {
      frame.diff[i] = s.templateDiff[template * MAX_FRAME_DIFFS + i]!
    }
    return true
  }
  for (let nibbles = reader.read(2); nibbles !== 0; nibbles = reader.read(2)) {
    if (frame.diffCount === MAX_FRAME_DIFFS) return false
    frame.diff[frame.diffCount++] = reader.read(4 * nibbles) + 1
  }
  return true
}

function readChains(s: DependencyStructure, frame: DependencyFrame, template: number, custom: boolean): void {
  for (let chain = 0; chain < s.chainCount; chain += 1) {
    frame.chainDiff[chain] = custom ? reader.read(8) : s.templateChainDiff[template * MAX_CHAINS + chain]!
  }
}

function readStructure(s: DependencyStructure): boolean {
  s.templateCount = 0
  s.templateIdOffset = reader.read(6)
  s.decodeTargetCount = reader.read(5) + 1
  const templates = readTemplateLayers(s)
  if (templates === 0) return false
  for (let template = 0; template < templates; template += 1) {
    for (let target = 0; target < s.decodeTargetCount; target += 1) {
      s.templateDti[template * MAX_DECODE_TARGETS + target] = reader.read(2)
    }
  }
  if (!readTemplateDiffs(s, templates)) return false
  readTemplateChains(s, templates)
  noteTargetLayers(s, templates)
  readResolutions(s)
  if (reader.overrun) return false
  s.templateCount = templates
  return true
}

/** @returns how many templates there are, 0 if there are too many */
function readTemplateLayers(s: DependencyStructure): number {
  let spatial = 0
  let temporal = 0
  for (let templates = 0; templates < MAX_TEMPLATES; ) {
    s.templateSpatialLayer[templates] = spatial
    s.templateTemporalLayer[templates] = temporal
    templates += 1
    const next = reader.read(2)
    if (next === 3) {
      s.spatialLayerCount = spatial + 1
      return reader.overrun || spatial > 3 ? 0 : templates
    }
    if (next === 1) temporal += 1
    else if (next === 2) {
      temporal = 0
      spatial += 1
    }
  }
  return 0
}

function readTemplateDiffs(s: DependencyStructure, templates: number): boolean {
  for (let template = 0; template < templates; template += 1) {
    let count = 0
    while (reader.read(1) === 1) {
      if (count === MAX_FRAME_DIFFS) return false
      s.templateDiff[template * MAX_FRAME_DIFFS + count] = reader.read(4) + 1
      count += 1
    }
    s.templateDiffCount[template] = count
  }
  return true
}

function readTemplateChains(s: DependencyStructure, templates: number): void {
  s.chainCount = reader.readBelow(s.decodeTargetCount + 1)
  if (s.chainCount === 0) return
  for (let target = 0; target < s.decodeTargetCount; target += 1) {
    s.targetChain[target] = reader.readBelow(s.chainCount)
  }
  for (let template = 0; template < templates; template += 1) {
    for (let chain = 0; chain < s.chainCount; chain += 1) {
      s.templateChainDiff[template * MAX_CHAINS + chain] = reader.read(4)
    }
  }
}

function noteTargetLayers(s: DependencyStructure, templates: number): void {
  for (let target = 0; target < s.decodeTargetCount; target += 1) {
    let spatial = 0
    let temporal = 0
    for (let template = 0; template < templates; template += 1) {
      if (s.templateDti[template * MAX_DECODE_TARGETS + target] === Dti.notPresent) continue
      spatial = Math.max(spatial, s.templateSpatialLayer[template]!)
      temporal = Math.max(temporal, s.templateTemporalLayer[template]!)
    }
    s.targetSpatialLayer[target] = spatial
    s.targetTemporalLayer[target] = temporal
  }
}

function readResolutions(s: DependencyStructure): void {
  const present = reader.read(1) === 1
  for (let layer = 0; layer < s.width.length; layer += 1) {
    const known = present && layer < s.spatialLayerCount
    s.width[layer] = known ? reader.read(16) + 1 : 0
    s.height[layer] = known ? reader.read(16) + 1 : 0
  }
}
