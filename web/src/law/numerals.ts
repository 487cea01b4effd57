const digits = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/** 1 to 99 as Chinese law counts its articles: 36 is 三十六. */
export function chineseNumber(value: number): string {
  if (!Number.isInteger(value) || value < 1 || value > 99) return String(value);
  const [tens, ones] = [Math.floor(value / 10), value % 10];
  const head = tens === 0 ? "" : tens === 1 ? "十" : `${digits[tens]}十`;
  return head + (ones === 0 ? "" : digits[ones]);
}

export function articleNumeral(number: string, lang: "zh" | "en"): string {
  return lang === "zh" ? chineseNumber(Number(number)) : number;
}
