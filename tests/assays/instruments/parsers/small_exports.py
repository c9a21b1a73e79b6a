"""One small export of every format that is a text, written here by hand in the layout the instrument's software writes."""

from __future__ import annotations

from tests.assays.instruments.parsers import small_icp_exports as icp

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

SPECTRAPLUS = (
    "Formula,Concentration,Z,Status,Line 1,Net int.,LLD,Stat. error,Analyzed layer,Bound %\r\n"
    "SiO2,28.8 % -,14,XRF 1,Si KA1-HR-Tr,60.63,211.9 PPM,0.73%,2.52 um,\r\n"
    "Dy2O3,412 PPM,66,XRF 1,Dy LA1-HR-Tr,5.026,188.1 PPM,6.10%,71 um,\r\n"
    "Tb4O7,0.0231%,65,XRF 1,Tb LA1-HR-Tr,3.326,296.7 PPM,8.85%,63 um,\r\n"
    "Na2O,0.0 PPM -,11,Not detected,Na KA1-HR-Tr,-0.0659,466.4 PPM,,0.70 um,12.5\r\n"
)
RIGAKU = (
    ",,,,Dy2O3,Y2O3,C6H10O5\r\n"
    ",,,,mass%,mass%,\r\n"
    "PRESSED,S-1,FieldService,08/08/2026 15:22,0.041,0.320,74\r\n"
    "PRESSED,S-2,FieldService,08/08/2026 15:24,0.052,0.531,74\r\n"
    "Number,,,,2,2,2\r\n"
    "Average,,,,0.0465,0.4255,74\r\n"
    "Std dev.,,,,0.0078,0.1492,0\r\n"
    "RSD(%),,,,16.7,35.1,0\r\n"
    ",,,,,,\r\n"
    ",,,,Dy-LA,Y -KA,\r\n"
    ",,,,kcps,kcps,\r\n"
    "PRESSED,S-1,FieldService,08/08/2026 15:22,1.55257,0.91029,\r\n"
    "PRESSED,S-2,FieldService,08/08/2026 15:24,2.55471,-0.00554,\r\n"
    "Average,,,,2.05364,0.45238,"
)
BEAD = (
    "  \t      \t         \t                    \t   \t       \t       \t      \tSiO2  \t    \tTiO2 \t    \tDy2O3 \t    \r\n"
    "Nr\tIdent \tSeq      \tTime                \tPos\tIni wgt\tFin wgt\tL.O.I.\tC     \tUnit\tC    \tUnit\tC     \tUnit\r\n"
    "1 \tS-1   \t1 of 1   \t16-Apr-2026 13:00:04\t3  \t0.600  \t6.600  \t4.350 \t36.099\t%   \t9.95 \t%   \t412.5 \tppm \r\n"
    "2 \tS-2   \t1 of 2   \t16-Apr-2026 14:40:12\t9  \t0.600  \t6.600  \t0.000 \t33.866\t%   \t-0.061\t%   \t0.0391\t%   \r\n"
    "3 \t??????\tAve of 2 \t16-Apr-2026 14:40:12\t   \t       \t       \t2.175 \t34.983\t%   \t4.945\t%   \t0.0402\t%   \r\n"
    "4 \t??????\tSDev of 2\t16-Apr-2026 14:40:12\t   \t       \t       \t3.076 \t1.579 \t%   \t7.079\t%   \t0.0015\t%   \r\n"
)
SUPERQ = (
    "11/03/2026 14:46:46\r\nPANalytical\r\nResults quantitative - Omnian 2013,\r\n\r\n"
    "Selected archive:,Omnian 2013\r\nNumber of results selected:,3\r\n"
    "Seq.,Sample name (1-12),Meas. date/time,Result type,Sum of conc.,SiO2,Dy2O3,Th\r\n"
    ",,,,(%),(%),(%),(ppm)\r\n"
    '1,S-1,11/03/2026 12:01:10,Concentration,"99,7","0,035","0,041","38,2"\r\n'
    '2,S-2,11/03/2026 12:20:44,Concentration,"100,0","61,204","0,0052",< LOD\r\n'
    ',Average,,,"99,85","30,620","0,0231","38,2"\r\n'
)
SUPERQ_SAMPLE = (
    '29/11/2026 10:15:44\r\nPANalytical\r\n"Quantification of sample S-1",\r\n\r\n'
    'R.M.S.:,"0,035"\r\nSum before normalization:,"119,5 %"\r\nUsed Compound list:,Oxides\r\n'
    "Analyte,Calibration,Compound,Concentration,Unit,Calculation,Status\r\n"
    'Si,Omnian,SiO2,"61,204",%,Calculate,Valid\r\n'
    'Dy,Omnian,Dy2O3,"412,5",ppm,Calculate,Valid\r\n'
    'Fe,Omnian,,"0,731",%,Calculate,Valid\r\n'
)
ARL = (
    "SID Value 1,SID Value 2,SID Value 5,Date Time,Result,Result,Result\r\n"
    ",,,,SiO2 %,Dy2O3 (%),Th ppm\r\n"
    "Clay,Aung,S-1,08-Aug-26 10:15,61.204,0.0412,38.2\r\n"
    "Clay,Aung,S-2,08-Aug-26 10:22,58.91,<0.005,41\r\n"
)

DELIVERY = (
    "Despatch No:,MK-26-014,,,\r\nLab job:,AB12345,,,\r\nDate reported:,12/10/2026,,,\r\n,,,,\r\n"
    "ELEMENT,Dy,Dy,Tb,SiO2\r\nMETHOD,ME-MS81,ME-OGREE,ME-MS81,ME-XRF26\r\nUNIT,ppm,%,ppm,%\r\n"
    "LOWER LIMIT,0.05,0.005,0.01,0.01\r\nUPPER LIMIT,1000,30,1000,100\r\nSAMPLE NUMBER,,,,\r\n"
    "S-1,412.5,0.041,62.4,61.204\r\n"
    "S-2,>1000,0.275,-0.01,58.91\r\n"
    "S-3,<0.05,-9999,0.02,I.S.\r\n"
)


def frame(number: int, text: str, end: str = "\x03") -> str:
    """A frame of ASTM E1381 with its checksum."""
    content = f"{number}{text}{end}"
    return f"\x02{content}{sum(content.encode()) % 256:02X}\r\n"


RECORDS = (
    "H|\\^&|||ICP-MS^7900|||||||P|1|20261012101500\r",
    "P|1\r",
    "O|1|S-1^12||^^^REE|R||||||N\r",
    "R|1|^^^163Dy|12.517|ug/L||N||F||||20261012101733\r",
    "R|2|^^^Tb4O7|0.05|ug/L||<\\A||F||||20261012101733\r",
    "C|1|I|diluted & run again\r",
    "O|2|QC&F&7||^^^REE|R||||||Q\r",
    "R|1|^^^163Dy|1000|ug/L||>||F||||20261012102011\r",
    "R|2|^^^159Tb|9.881|ug/L||N||P||||20261012102011\r",
    "L|1|N\r",
)
ASTM_FRAMES = (
    "\x05"
    + "".join(frame((place + 1) % 8, text) for place, text in enumerate(RECORDS[:3]))
    + frame(4, RECORDS[3][:20], "\x17")
    + frame(5, RECORDS[3][20:])
    + "".join(frame((place + 6) % 8, text) for place, text in enumerate(RECORDS[4:]))
    + "\x04"
)
ASTM_RECORDS = "\n".join(record.rstrip("\r") for record in RECORDS) + "\n"

BY_FORMAT: dict[str, str] = {
    "agilent_icp_expert": icp.ICP_EXPERT,
    "agilent_icp_expert 5110": icp.ICP_EXPERT_5110,
    "agilent_spectraa": icp.SPECTRAA,
    "thermo_qtegra": icp.QTEGRA_OES,
    "thermo_qtegra isotopes": icp.QTEGRA_MS,
    "perkinelmer_winlab32": icp.WINLAB32,
    "perkinelmer_winlab32 short": icp.WINLAB32_SHORT,
    "shimadzu_icpe": icp.SHIMADZU_ICPE,
    "olympus_vanta": VANTA,
    "thermo_niton": NITON,
    "bruker_titan": TITAN,
    "bruker_spectraplus": SPECTRAPLUS,
    "rigaku": RIGAKU,
    "xrf_bead": BEAD,
    "panalytical_superq": SUPERQ,
    "panalytical_superq sample": SUPERQ_SAMPLE,
    "thermo_arl": ARL,
    "geochem_delivery": DELIVERY,
    "astm_e1394": ASTM_FRAMES,
    "astm_e1394 records": ASTM_RECORDS,
}
"""By the name of the format, with a word more where it has several shapes."""
