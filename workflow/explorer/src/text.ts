// Numbers and names in words: the same as the report stage writes for readers without a script.
export const DASH = "\u2013";

type Number_ = number | null | undefined;

const missing = (value: Number_): value is null | undefined => value === null || value === undefined || Number.isNaN(value);

export function fixed(value: Number_, decimals: number): string {
  return missing(value) ? DASH : value.toFixed(decimals);
}

export function probability(value: Number_): string {
  if (missing(value)) return DASH;
  return value < 0.001 ? "<0.001" : fixed(value, value < 0.1 ? 3 : 2);
}

export function interval(low: Number_, high: Number_): string {
  return missing(low) || missing(high) ? DASH : `${fixed(100 * low, 0)}${DASH}${fixed(100 * high, 0)}\u00a0%`;
}

export function precise(value: Number_): string {
  if (missing(value)) return DASH;
  if (value === 0 || value >= 0.001) return String(Number(value.toPrecision(3)));
  const [digits, power] = value.toExponential(1).split("e");
  const raised = [...String(Number(power))].map((c) => "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"["-0123456789".indexOf(c)]);
  return `${digits} \u00d7 10${raised.join("")}`;
}

/** What is neither none nor all is never rounded to either. */
export function wholePercent(value: Number_): string {
  if (missing(value)) return DASH;
  if (value > 0 && value < 0.005) return "<1";
  return value < 1 && value >= 0.995 ? ">99" : fixed(100 * value, 0);
}

export const count = (value: number): string => value.toLocaleString("en");

export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** What a reader cannot see, or what turns a line around, is shown as a mark. */
export const printable = (name: string): string => name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");

/** A value as `pairs.csv` has it: a power of ten of two digits, and empty where there is none. */
export function inFile(value: unknown): string {
  if (value === null) return "";
  if (value === true || value === false) return value ? "True" : "False";
  if (typeof value !== "number" || value === 0) return String(value);
  const [digits, power] = value.toExponential().split("e").map(Number);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
