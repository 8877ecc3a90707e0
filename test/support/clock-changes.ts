/** Time zones and days near which their clocks change, each in its own way; the last one's do not. */
export const clockChanges: readonly (readonly [timeZone: string, day: string])[] = [
  ['Europe/Paris', '2024-03-31'],
  ['Europe/Paris', '2024-10-27'],
  ['America/New_York', '2024-03-10'],
  ['America/New_York', '2024-11-03'],
  ['Australia/Lord_Howe', '2024-04-06'],
  ['Australia/Lord_Howe', '2024-10-05'],
  ['Asia/Beirut', '2024-03-31'],
  ['America/Havana', '2024-11-03'],
  ['Asia/Kolkata', '2024-02-29'],
];
