"""One small export of every format that is a text, written here by hand in the layout the instrument's software writes."""

from __future__ import annotations

VANTA = (
    "sep=,\r\n"
    "Instrument Serial Num,Reading #,Date,Time,Method Name,Test Label,Latitude, Units, Compound, Compound Level, Compound Error,"
    " Concentration, Error1s,La Compound,La Compound Level,La Compound Error,La Concentration,La Error1s,"
    "Si Compound,Si Compound Level,Si Compound Error,Si Concentration,Si Error1s,LE Concentration,LE Error1s,Real Time 1,\r\n"
    "803071,1,2021-03-10,09:59:24,Geochem,S-1,,PPM,,,,0,0,,,,0,417,SiO2,82.5,1.2,385839,706,613539,707,15,\r\n"
    "803071,2,2021-03-10,10:00:15,Geochem,S-2,,%,,,,0,0,,,,0.0118,0.0033,,,,0,,61.2,0.7,15,\r\n"
)
NITON = (
    "Reading No;Time;Type;Duration;Units;Sigma Value;SAMPLE;LOCATION;SiO2;SiO2 Error;Ce;Ce Error;Y;Y Error;Bal;Bal Error\r\n"
    "1;01.06.07 00:54;SHUTTER_CAL;30,5;ppm;2;;;;;;;;;;\r\n"
    "2;01.06.07 00:59;Mining;362,84;ppm;2;S-1;Pit;467874,59;0;< LOD;70,94;18,78;1,28;559992,13;1062,15\r\n"
    "3;01.06.07 01:06;Mining;361,55;%;2;S-2;;47,26;0;0,0123;0,004;NA;NA;55,4;0,1\r\n"
)
TITAN = (
    "File #,DateTime,Operator,Name,ID,Units,Al2O3,Al2O3 Err,Y,Y Err\r\n"
    "  1, 03-10-2021 09:59 , Aung , clay ,S-1,%, 12.51 , 0.12 , < LOD , 0.0004 \r\n"
    "\r\n"
    "File #,DateTime,Operator,Name,ID,Units,Al2O3,Al2O3 Err,Y,Y Err,Th,Th Err\r\n"
    "  2, 03-10-2021 10:04 , Aung , clay ,S-2,ppm, 9831.0 , 85.5 , 118.5 , 3.1 , < LOD , 11 \r\n"
)

BY_FORMAT: dict[str, str] = {"olympus_vanta": VANTA, "thermo_niton": NITON, "bruker_titan": TITAN}
