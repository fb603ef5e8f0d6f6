import { expect } from 'chai'
import { DAYS, entryAt, type Hours } from '../../plugins/client/limit-schedule.js'

const at = (day: number, hour: number, minute = 0): number => Date.UTC(2025, 0, day, hour, minute)
const hours = (from: string, to: string, days: Hours['days'] = DAYS): Hours => ({ from, to, days })

describe('client: limit schedule', () => {
  it('holds from the first minute up to the last', () => {
    const day = hours('08:30', '18:00')
    expect(entryAt([day], at(1, 8, 29))).to.equal(undefined)
    expect(entryAt([day], at(1, 8, 30))).to.equal(day)
    expect(entryAt([day], at(1, 17, 59))).to.equal(day)
    expect(entryAt([day], at(1, 18))).to.equal(undefined)
  })

  it('knows the weekdays', () => {
    for (let day = 0; day < 7; day++) {
      const only = hours('00:00', '24:00', [DAYS[day] ?? 'sun'])
      // The fifth of January 2025 was a Sunday.
      for (let other = 0; other < 7; other++)
        expect(entryAt([only], at(5 + other, 12))).to.equal(other === day ? only : undefined)
    }
  })

  it('goes over midnight, into a day that it does not name', () => {
    const night = hours('23:00', '06:00', ['sat'])
    expect(entryAt([night], at(4, 22, 59))).to.equal(undefined)
    expect(entryAt([night], at(4, 23))).to.equal(night)
    expect(entryAt([night], at(5, 5, 59))).to.equal(night)
    expect(entryAt([night], at(5, 6))).to.equal(undefined)
    expect(entryAt([night], at(5, 23))).to.equal(undefined)
    expect(entryAt([night], at(4, 1))).to.equal(undefined)
  })

  it('takes equal times as a whole day', () => {
    const whole = hours('05:00', '05:00', ['mon'])
    expect(entryAt([whole], at(6, 4, 59))).to.equal(undefined)
    expect(entryAt([whole], at(6, 5))).to.equal(whole)
    expect(entryAt([whole], at(7, 4, 59))).to.equal(whole)
    expect(entryAt([whole], at(7, 5))).to.equal(undefined)
  })

  it('lets the last of several count', () => {
    const [wide, narrow] = [hours('00:00', '24:00'), hours('10:00', '11:00')]
    expect(entryAt([wide, narrow], at(1, 10, 30))).to.equal(narrow)
    expect(entryAt([narrow, wide], at(1, 10, 30))).to.equal(wide)
    expect(entryAt([wide, narrow], at(1, 12))).to.equal(wide)
  })
})
