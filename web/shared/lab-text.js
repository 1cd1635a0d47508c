// Texts of every page, in both languages.

export const texts = {
  en: { theme: "Light / dark", lang: "中文" },
  zh: { theme: "浅色／深色", lang: "English" },
};
