import { Image } from './png';

/** BT.601 luma of the image on white, averaged down to `columns` × `rows`; every pixel counts by the area it covers. */
export function shrink(image: Image, columns: i32, rows: i32): StaticArray<f64> {
  const cells = new StaticArray<f64>(columns * rows);
  const width = image.width;
  const height = image.height;
  for (let row = 0; row < rows; row++) {
    const top = (<f64>row * height) / rows;
    const bottom = (<f64>(row + 1) * height) / rows;
    for (let column = 0; column < columns; column++) {
      const left = (<f64>column * width) / columns;
      const right = (<f64>(column + 1) * width) / columns;
      cells[row * columns + column] = areaMean(image, left, top, right, bottom);
    }
  }
  return cells;
}

function areaMean(image: Image, left: f64, top: f64, right: f64, bottom: f64): f64 {
  let sum: f64 = 0;
  const lastRow = min(<i32>Math.ceil(bottom), image.height);
  const lastColumn = min(<i32>Math.ceil(right), image.width);
  for (let y = <i32>Math.floor(top); y < lastRow; y++) {
    const tall = min(<f64>(y + 1), bottom) - max(<f64>y, top);
    for (let x = <i32>Math.floor(left); x < lastColumn; x++) {
      const wide = min(<f64>(x + 1), right) - max(<f64>x, left);
      sum += luma(image.rgba, (y * image.width + x) * 4) * tall * wide;
    }
  }
  return sum / ((right - left) * (bottom - top));
}

function luma(rgba: Uint8Array, at: i32): f64 {
  const alpha = <f64>rgba[at + 3] / 255;
  const grey = 0.299 * <f64>rgba[at] + 0.587 * <f64>rgba[at + 1] + 0.114 * <f64>rgba[at + 2];
  return grey * alpha + 255 * (1 - alpha);
}

/** dHash: is each of 8 × 8 cells darker, by whole shades, than its right neighbour? Survives scaling and changes of brightness. */
export function differenceHash(image: Image): u64 {
  const cells = shrink(image, 9, 8);
  let hash: u64 = 0;
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++) {
      const at = row * 9 + column;
      hash = (hash << 1) | <u64>(Math.round(cells[at]) < Math.round(cells[at + 1]));
    }
  }
  return hash;
}

const SIZE = 32;
const KEPT = 8;

/** pHash: the 8 × 8 lowest frequencies of a 32 × 32 DCT-II, each above or not above their median. Survives noise too. */
export function frequencyHash(image: Image): u64 {
  const cells = shrink(image, SIZE, SIZE);
  const basis = new StaticArray<f64>(KEPT * SIZE);
  for (let k = 0; k < KEPT; k++) {
    for (let n = 0; n < SIZE; n++) basis[k * SIZE + n] = Math.cos((Math.PI / SIZE) * (<f64>n + 0.5) * k);
  }
  const rows = new StaticArray<f64>(SIZE * KEPT);
  for (let y = 0; y < SIZE; y++) {
    for (let k = 0; k < KEPT; k++) {
      let sum: f64 = 0;
      for (let x = 0; x < SIZE; x++) sum += cells[y * SIZE + x] * basis[k * SIZE + x];
      rows[y * KEPT + k] = sum;
    }
  }
  const low = new StaticArray<f64>(KEPT * KEPT);
  for (let v = 0; v < KEPT; v++) {
    for (let u = 0; u < KEPT; u++) {
      let sum: f64 = 0;
      for (let y = 0; y < SIZE; y++) sum += rows[y * KEPT + u] * basis[v * SIZE + y];
      low[v * KEPT + u] = sum;
    }
  }
  return aboveMedian(low);
}

function aboveMedian(values: StaticArray<f64>): u64 {
  const sorted = values.slice<StaticArray<f64>>().sort();
  const median = (sorted[31] + sorted[32]) / 2;
  let hash: u64 = 0;
  for (let i = 0; i < 64; i++) hash = (hash << 1) | <u64>(values[i] > median);
  return hash;
}
